namespace Adit.Media;

/// <summary>What may be done through a range of a medium that is mapped once more.</summary>
public enum RangeAccess
{
    /// <summary>Loads alone. A store there is a fault that ends the process.</summary>
    Read,

    /// <summary>Loads and stores of the medium's own bytes.</summary>
    ReadWrite,

    /// <summary>Loads, and stores that go to private copies of the pages and never reach the medium. A page without
    /// a copy shows what the medium has.</summary>
    Private,
}
