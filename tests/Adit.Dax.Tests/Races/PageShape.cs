namespace Adit.Dax.Tests.Races;

/// <summary>What the chunk that a race is about is mapped by.</summary>
public enum PageShape
{
    /// <summary>Scattered blocks, so pages of 4 KiB.</summary>
    Pages,

    /// <summary>A whole chunk, so one huge page.</summary>
    Huge,

    /// <summary>A chunk whose first half lies in one piece, not aligned, and whose second half is a hole.</summary>
    Mixed,
}
