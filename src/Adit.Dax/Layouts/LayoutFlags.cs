namespace Adit.Dax.Layouts;

/// <summary>What else is to be known of a range of a file.</summary>
[Flags]
public enum LayoutFlags : byte
{
    None = 0,

    /// <summary>The blocks were given or moved by this very call: what showed the range before is stale.</summary>
    New = 1,

    /// <summary>The blocks belong to others too: they may be read, not written.</summary>
    Shared = 2,

    /// <summary>The metadata that leads to the blocks would not survive a crash now.</summary>
    NotDurable = 4,
}
