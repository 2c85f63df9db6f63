namespace Adit.Dax.Layouts;

/// <summary>What holds a range of a file.</summary>
public enum LayoutKind : byte
{
    /// <summary>Nothing: reads as zeros.</summary>
    Hole,

    /// <summary>Blocks whose content is not the file's: reads as zeros.</summary>
    Unwritten,

    /// <summary>Blocks that hold the file's bytes.</summary>
    Mapped,
}
