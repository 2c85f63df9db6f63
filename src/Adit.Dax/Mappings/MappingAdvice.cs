namespace Adit.Dax.Mappings;

/// <summary>What a range is to be used like from now on, whatever its users ask for.</summary>
public enum MappingAdvice : byte
{
    /// <summary>As each access asks.</summary>
    None,

    /// <summary>Every pin for writing is synchronous (see <see cref="Pins.PinAccess.Sync"/>).</summary>
    Sync,

    /// <summary>Every pin for writing refuses rather than copies (see <see cref="Pins.PinAccess.Direct"/>).</summary>
    Direct,
}
