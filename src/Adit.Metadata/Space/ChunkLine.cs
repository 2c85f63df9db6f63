namespace Adit.Metadata.Space;

/// <summary>A chunk in memory.</summary>
internal struct ChunkLine
{
    public long Chunk;

    /// <summary>What the medium should say: blocks taken by committed transactions.</summary>
    public ChunkBits Live;

    /// <summary>What may not be given out: live, reserved, or freed and not yet released.</summary>
    public ChunkBits Busy;

    /// <summary>Clear bits of <see cref="Busy"/>.</summary>
    public short FreeCount;

    /// <summary>What <see cref="FreeCount"/> was when the chunk was last put into its class.</summary>
    public short ClassifiedFreeCount;

    public ChunkUse Use;

    public LineFlags Flags;
}

[Flags]
internal enum LineFlags : byte
{
    None = 0,

    /// <summary>Differs from the medium and is in the list of dirty lines.</summary>
    Dirty = 1,

    /// <summary>Handed out by a collection whose lines may not be in the tree yet.</summary>
    Collected = 2,

    /// <summary>Its class is out of date and it is in the list of such lines.</summary>
    Stale = 4,

    /// <summary>Used since the clock hand last came by.</summary>
    Referenced = 8,

    /// <summary>The slot is in use.</summary>
    InUse = 16,
}
