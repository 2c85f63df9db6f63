using Adit.Metadata;

namespace Adit;

/// <summary>How to open a volume.</summary>
public sealed record VolumeOptions
{
    /// <summary>Change nothing, on the medium or in the volume. Works beside no other owner only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>On media with dear fences (an ordinary file): how long a change may stay volatile without a sync.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Every operation is durable when it returns, whatever the medium.</summary>
    public bool SyncAlways { get; init; }

    /// <summary>When reading moves a file's access time.</summary>
    public AccessTimePolicy AccessTime { get; init; } = AccessTimePolicy.Relative;

    /// <summary>What decides whether files are accessed directly.</summary>
    public DaxMode Dax { get; init; } = DaxMode.Inode;

    /// <summary>Whether features that are not stable yet may be used.</summary>
    public PreviewPolicy Previews { get; init; } = PreviewPolicy.Allow;

    /// <summary>Listing a directory moves its access time as reading a file does.</summary>
    public bool DirectoryAccessTimes { get; init; } = true;

    /// <summary>The medium given to <see cref="Volume.Open(Media.Medium, VolumeOptions?)"/> stays the caller's and open.</summary>
    public bool LeaveMediumOpen { get; init; }

    /// <summary>How long the holder of a long pin, a lease or a writable view may go on after it was told that the range is wanted.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the process before left, and what this one leaves to the next; null where the end of the process is the end of its users too.</summary>
    public ISuccession? Succession { get; init; }

    /// <summary>A descriptor of the volume's file or device that owns it, opened by somebody else. It stays the caller's, who keeps it open for as long
    /// as the volume is to be owned; -1: the volume opens and owns its own.</summary>
    public int Descriptor { get; init; } = -1;

    /// <summary>How many inodes not in use stay in memory.</summary>
    public int InodeCacheCount { get; init; } = 4096;

    /// <summary>Keeps only these bits of the hashes of names, so that a test can make names collide.</summary>
    internal ulong NameHashMask { get; init; } = ulong.MaxValue;

    /// <summary>Settings of the store below, when they are not to follow from the ones above. For tests.</summary>
    public StoreOptions? Store { get; init; }
}
