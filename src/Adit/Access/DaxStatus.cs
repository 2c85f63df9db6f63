namespace Adit.Access;

/// <summary>How a file is accessed now, why, and what its flag will change. A snapshot.</summary>
public sealed record DaxStatus
{
    /// <summary>The inode has the flag <see cref="Nodes.FileFlags.DirectAccess"/>.</summary>
    public required bool Flag { get; init; }

    /// <summary>The state in effect; of a file that is not in use, the one it would come into use with.</summary>
    public required DaxState State { get; init; }

    /// <summary>Why, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>Opened, pinned or viewed: the state is fixed until nobody does any more.</summary>
    public required bool IsInUse { get; init; }

    /// <summary>The state that the file comes into use with next.</summary>
    public required DaxState NextState { get; init; }

    /// <summary>When <see cref="NextState"/> differs: what it waits for. Else null.</summary>
    public required string? Pending { get; init; }

    /// <summary>Blocks of the file may have checksums: it has been written in private buffers since it was last accessed directly.</summary>
    public required bool KeepsChecksums { get; init; }
}
