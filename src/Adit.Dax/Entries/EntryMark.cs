namespace Adit.Dax.Entries;

/// <summary>What the tree can be searched by.</summary>
internal enum EntryMark
{
    /// <summary>There is an entry.</summary>
    Live,

    /// <summary>It is dirty.</summary>
    Dirty,

    /// <summary>A write-back has chosen it.</summary>
    ToWrite,
}
