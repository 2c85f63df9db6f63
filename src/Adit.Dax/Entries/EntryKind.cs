namespace Adit.Dax.Entries;

/// <summary>What an entry of an address space stands for.</summary>
internal enum EntryKind
{
    /// <summary>Nothing yet: there to be locked while a fault asks the layout.</summary>
    Empty = 0,

    /// <summary>Zeros: a hole or unwritten blocks. In a node of chunks, 2 MiB of them.</summary>
    Zero = 1,

    /// <summary>One page of the medium.</summary>
    Page = 2,

    /// <summary>512 pages of the medium, aligned on both sides.</summary>
    Huge = 3,
}
