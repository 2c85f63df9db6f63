namespace Adit.Dax.Tests.Races;

/// <summary>What the chunk that a race is about is mapped by; of a hole, what lies in it.</summary>
public enum PageShape
{
    /// <summary>Scattered blocks, so pages of 4 KiB; a hole with one block far behind what the race is about.</summary>
    Pages,

    /// <summary>A whole chunk, so one huge page; a hole as large.</summary>
    Huge,

    /// <summary>A chunk whose first half lies in one piece, not aligned, and whose second half is a hole; instead of a hole, blocks that were
    /// never written.</summary>
    Mixed,
}
