using Adit.Files;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Interop.Locking;
using Adit.Metadata;
using Adit.Metadata.Trees;
using Adit.Nodes;
using Adit.Paths;

namespace Adit;

/// <summary>An open volume: files and directories, by path for programs (exceptions, <see cref="AditException"/>) and by inode number
/// for a mount (<see cref="INodeOperations"/>, <c>Errno</c> values).</summary>
/// <remarks>
/// <para><b>Invariants.</b> Each operation on names is one transaction: after a crash it has happened as a whole or not at all. An
/// inode without a name has an orphan record from the transaction that took its last name until the one that removes it. Metadata
/// is read from the medium when it is asked for; only inodes in use, and some that were lately, are in memory.</para>
/// <para><b>Locks.</b> The namespace's lock first: shared to look up, exclusively to change entries. Then the locks of inodes in the order
/// of their numbers. Then the store's. Space is reserved before a transaction begins. See <c>docs/CONCURRENCY.md</c>.</para>
/// <para><b>Durability.</b> On a medium with cheap fences an operation is durable when it returns; on others within
/// <see cref="VolumeOptions.CommitInterval"/>, or at a sync. Time stamps of overwrites and reads are recorded up to a second later.</para>
/// <para><b>Failure.</b> Damaged metadata and failed media are EIO for the operation that meets them. A medium that fails under a
/// commit makes the volume refuse every further change with its first cause; reads go on.</para>
/// <para>Safe for many threads. <see cref="Dispose"/> closes the files that are still open: what they are asked later is EBADF.</para>
/// </remarks>
public sealed partial class Volume : IObservableNodes, IStoppableNodes, IDisposable
{
    private readonly VolumeContext _context;
    private readonly FileData _data;
    private readonly RankedReaderWriterLock _namespace = new(LockRank.Namespace);
    private readonly VolumeOptions _options;
    private readonly DirectoryPaths _directories;
    private bool _isClosed;

    private Volume(MetadataStore store, VolumeOptions options)
    {
        _options = options;
        _context = new VolumeContext(store, options, new NameHash(store.Identity.VolumeId, options.NameHashMask));
        _data = new FileData(_context);
        _directories = new DirectoryPaths(_context);
    }

    /// <summary>The store below, for tools: the checker, the map, statistics.</summary>
    public MetadataStore Store => _context.Store;

    /// <summary>Nothing can be changed: opened so, or damaged, or made by a version with features unknown here.</summary>
    public bool IsReadOnly => _context.IsReadOnly;

    /// <inheritdoc/>
    public IDisposable Observe(IChangeObserver observer) => _context.Changes.Add(observer);

    internal VolumeContext Context => _context;

    internal FileData Data => _data;

    /// <summary>Uses an inode, reading its record when it is not in memory. Every use is ended by <see cref="Release"/>, without
    /// locks.</summary>
    /// <returns>ESTALE when there is no such inode.</returns>
    internal Errno Use(InodeNumber number, out Inode? inode) => _context.Use(number, out inode);

    /// <summary>Ends a use. No lock is held. An inode that nothing keeps any more is removed.</summary>
    internal void Release(Inode? inode)
    {
        if (inode is not null && _context.Inodes.Release(inode))
        {
            Remove(inode);
        }
        else if (_context.HasUnnamed)
        {
            RemoveLeftOvers();
        }
    }

    private bool TryReadRecord(InodeNumber number, out InodeRecord record) => _context.TryReadRecord(number, out record);

    private static bool TryReadRecord(in TreeReader tree, InodeNumber number, out InodeRecord record) =>
        VolumeContext.TryReadRecord(in tree, number, out record);

    /// <summary>Why a change is refused now, before anything is looked at.</summary>
    private Errno CheckWritable() => IsReadOnly ? Errno.EROFS : _context.Store.Failure is not null ? Errno.EIO : Errno.Success;
}
