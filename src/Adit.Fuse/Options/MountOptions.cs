namespace Adit.Fuse.Options;

/// <summary>What a mount is asked to be. The kernel always checks permissions (<c>default_permissions</c>): the
/// server does not.</summary>
public sealed record MountOptions
{
    /// <summary>Longest data of one write, and of one read.</summary>
    public const int MaxTransferBytes = 1 << 20;

    /// <summary>Which files bypass the page cache, and which the volume accesses directly.</summary>
    public DaxMode Dax { get; init; }

    /// <summary>Whether features that are not stable yet may be used.</summary>
    public PreviewPolicy Previews { get; init; }

    /// <summary>What was asked for in a way that is deprecated.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public bool ReadOnly { get; init; }

    /// <summary>Users other than the one who mounts may use it. Null: they may when root mounts.</summary>
    public bool? AllowOther { get; init; }

    /// <summary>Every change is durable before its caller goes on, whatever the medium.</summary>
    public bool Synchronous { get; init; }

    public AccessTimePolicy AccessTime { get; init; } = AccessTimePolicy.Relative;

    /// <summary>Listing a directory leaves its access time alone.</summary>
    public bool NoDirectoryAccessTimes { get; init; }

    public bool NoSetUserId { get; init; }

    public bool NoDevices { get; init; }

    public bool NoExecute { get; init; }

    /// <summary>What the mount table shows as its source: the path of the volume.</summary>
    public string Source { get; init; } = "adit";

    /// <summary>Threads that take requests, at least 2; 0: as many as processors.</summary>
    public int ReaderCount { get; init; }

    /// <summary>Requests come over io_uring where the kernel can, else as always. The mount then ends with its server.</summary>
    public bool OverIoUring { get; init; }

    /// <summary>Mounts with other owners (idmapped) can be made of it. The kernel then says who asks only where something is made.</summary>
    public bool AllowIdMaps { get; init; }

    /// <summary>Which owners it shows instead of those that files have; null: those. Goes with <see cref="AllowIdMaps"/>.</summary>
    public IdMap? IdMap { get; init; }

    /// <summary>How long the kernel may use a name or attributes without asking. Changes beside the mount are told to it.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(1);
}
