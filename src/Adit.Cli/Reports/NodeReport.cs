namespace Adit.Cli.Reports;

/// <summary>The document of <c>adit stat</c>.</summary>
internal sealed record NodeReport
{
    public required string Path { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>"file", "directory", "symlink", "fifo", "socket", "block", "character".</summary>
    public required string Type { get; init; }

    /// <summary>Permission bits, in octal.</summary>
    public required string Mode { get; init; }

    public required uint Links { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public required long Size { get; init; }

    public required long AllocatedBytes { get; init; }

    public required string Accessed { get; init; }

    public required string Modified { get; init; }

    public required string Changed { get; init; }

    public required string Born { get; init; }

    /// <summary>Where a symbolic link points, else null.</summary>
    public string? Target { get; init; }

    /// <summary>Letters of the inode's flags, as lsattr shows them.</summary>
    public required string Flags { get; init; }

    public required uint Project { get; init; }

    /// <summary>The inode's DAX flag.</summary>
    public required bool DaxFlag { get; init; }

    /// <summary>In effect: "direct": access by the library is to the bytes of the medium; "private": through buffers, with checksums. Null for
    /// what has no bytes.</summary>
    public required string? DaxState { get; init; }

    /// <summary>Why the state is as it is.</summary>
    public required string? DaxReason { get; init; }

    /// <summary>Opened, pinned or viewed now: the state is fixed.</summary>
    public required bool DaxInUse { get; init; }

    /// <summary>The state that the file comes into use with next.</summary>
    public required string? DaxNextState { get; init; }

    /// <summary>When that differs: what it waits for, else null.</summary>
    public required string? DaxPending { get; init; }

    /// <summary>Blocks of the file may have checksums.</summary>
    public required bool Checksums { get; init; }

    /// <summary>The share of the file's whole 2 MiB ranges that one huge page can map, or null when it has no such range.</summary>
    public required double? HugeShare { get; init; }

    public required IReadOnlyList<ExtentReport> Extents { get; init; }
}
