namespace Adit.Dax.Entries;

/// <summary>How much an entry stands for.</summary>
internal enum EntrySize
{
    /// <summary>4 KiB.</summary>
    Page,

    /// <summary>2 MiB.</summary>
    Huge,

    /// <summary>1 GiB.</summary>
    Giant,
}
