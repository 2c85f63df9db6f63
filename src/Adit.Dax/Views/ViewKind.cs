namespace Adit.Dax.Views;

/// <summary>What may be done through a view.</summary>
public enum ViewKind : byte
{
    /// <summary>Loads of the file's bytes as they are now.</summary>
    Read,

    /// <summary>Loads and stores of the file's bytes.</summary>
    ReadWrite,

    /// <summary>Loads and stores; what is stored belongs to the view alone and is forgotten with it. Works on a read-only volume.
    /// A page that was not stored to may show changes of the file, or not.</summary>
    Private,
}
