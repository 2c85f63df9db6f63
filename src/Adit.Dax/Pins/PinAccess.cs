namespace Adit.Dax.Pins;

/// <summary>What a pin is for.</summary>
[Flags]
public enum PinAccess : byte
{
    /// <summary>Loads only.</summary>
    Read = 0,

    /// <summary>Loads and stores. Holes get blocks, shared blocks are copied first.</summary>
    Write = 1,

    /// <summary>With <see cref="Write"/>: before the pin is given, all metadata needed to reach the bytes is durable, so that flushing the
    /// stored lines is all that durability takes. EOPNOTSUPP where the medium cannot.</summary>
    Sync = 2,

    /// <summary>Refuse with EOPNOTSUPP rather than copy shared blocks.</summary>
    Direct = 4,
}
