namespace Adit.Interop.Locking;

/// <summary>The order in which locks are taken: a thread that holds a lock takes only locks of a higher rank
/// (see <c>docs/CONCURRENCY.md</c>). Two locks of one rank are taken in the order of their numbers.</summary>
public enum LockRank
{
    /// <summary>Stops all writers of a volume while it is frozen.</summary>
    Freeze = 10,

    /// <summary>The namespace of a volume: directory entries and link counts.</summary>
    Namespace = 15,

    /// <summary>One inode: its size, attributes and extents. Lower inode number first.</summary>
    Inode = 20,

    /// <summary>The invalidate lock of one mapping: faults share it, a change of the layout has it alone.</summary>
    Mapping = 30,

    /// <summary>The views of one mapping: which there are, and the collecting of what was stored through them.</summary>
    Views = 35,

    /// <summary>One entry of an address space.</summary>
    Entry = 40,

    /// <summary>The nodes and marks of one address space. Held for a few instructions.</summary>
    EntryTree = 42,

    /// <summary>One checkpoint at a time.</summary>
    Checkpoint = 44,

    /// <summary>One writing-out of staged records at a time.</summary>
    Flush = 46,

    /// <summary>The transaction lock: one transaction commits at a time.</summary>
    Transaction = 50,

    /// <summary>The space in memory: free, reserved and taken blocks. Before the tree, which it reads its lines from.</summary>
    Space = 55,

    /// <summary>The working tree.</summary>
    Tree = 60,

    /// <summary>The log's buffers.</summary>
    Log = 80,

    /// <summary>A medium's own list of what is not durable yet.</summary>
    Medium = 90,

    /// <summary>A stripe of the table of inodes in memory, and short lists of them. The last: nothing is taken under it.</summary>
    InodeTable = 100,
}
