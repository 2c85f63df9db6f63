using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Logging;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;
using Adit.Metadata.Superblocks;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Metadata;

/// <summary>Making and opening volumes. Opening reads the superblock and the log's tail, nothing that grows with the volume.</summary>
public sealed partial class MetadataStore
{
    /// <summary>Lays out an empty volume. Whatever the medium held is lost.</summary>
    /// <exception cref="VolumeException">The medium is too small, or the options do not fit it.</exception>
    /// <exception cref="MediumException">The medium failed, or its host has no room.</exception>
    public static void Format(Medium medium, FormatOptions options) => VolumeFormatter.Format(medium, options);

    /// <summary>Opens a volume and recovers what its log holds.</summary>
    /// <exception cref="VolumeException">Not a volume, made by a newer version, or damaged.</exception>
    /// <exception cref="MediumException">The medium failed.</exception>
    public static MetadataStore Open(Medium medium, StoreOptions options)
    {
        SuperblockPair superblocks = new(medium, options.Broken);
        if (!superblocks.TryLoad())
        {
            throw new VolumeException(
                Errno.EINVAL, $"{medium.Name} is not an Adit volume: neither copy of its superblock is valid; make one with 'adit mkfs'.");
        }

        SuperblockCheck.Check(medium, superblocks.Current, options.ReadOnly);
        MetadataStore store = new(medium, options, superblocks);
        try
        {
            store.Recover();
        }
        catch (Exception damage) when (damage is TreeDamagedException or InvalidOperationException)
        {
            store.Abandon();
            throw new VolumeException(
                Errno.EUCLEAN, $"{medium.Name} is damaged: {damage.Message} 'adit fsck --repair' saves what can be saved.", damage);
        }
        catch
        {
            store.Abandon();
            throw;
        }

        if (options.BackgroundWork && !options.ReadOnly)
        {
            store._worker = new BackgroundWorker(store);
        }

        return store;
    }

    private MetadataStore(Medium medium, StoreOptions options, SuperblockPair superblocks)
    {
        Superblock superblock = superblocks.Current;
        Medium = medium;
        Options = options;
        _broken = options.Broken;
        _superblocks = superblocks;
        _layout = new VolumeLayout(
            superblock.VolumeBlocks, superblock.NodeMapStart, superblock.NodeMapBlocks, superblock.LogStart, superblock.LogBlocks, superblock.FirstUsableChunk);
        Identity = new VolumeIdentity(
            superblock.VolumeId,
            LabelOf(superblock),
            superblock.MediumKind,
            DateTimeOffset.FromUnixTimeMilliseconds(superblock.CreatedUnixMs),
            superblock.ClosedUnixMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(superblock.ClosedUnixMs),
            (superblock.Flags & SuperblockFlags.Clean) != 0,
            superblock.Version,
            superblock.ReadOnlyCompatibleFeatures,
            _layout);
        _isStaged = !medium.HasCheapFences;
        CommitsAreDurable = medium.HasCheapFences || options.SyncAlways;
        _nextInode = superblock.NextInode;
        _incarnation = superblock.Incarnation;
        _readOnlyCompatible = superblock.ReadOnlyCompatibleFeatures;
        _publishedTail = _closedTail = superblock.LogHead;

        TreeSpaceLines lines = new(_treeLock);
        Space = new SpaceAllocator(_layout.ChunkCount, _layout.FirstUsableChunk, superblock.FreeBlocks, lines, medium, keptChunks: KeptChunksOf(_layout));
        _nodes = new NodeSpace(medium, _layout, Space, _broken) { LiveCount = superblock.NodeCount };
        Tree = new WorkingTree(medium, _nodes, _layout, superblock, _broken);
        lines.Tree = Tree;

        SavedBytes = _isStaged && !options.ReadOnly && options.Staging is { } left ? left.WriteOut(medium, _layout, superblock) : 0;
        LogReader end = new(medium, _layout, superblock, _broken);
        FindLogEnd(ref end);
        superblock.Incarnation++;
        _log = new LogRing(medium, _layout, superblock, end.Position, end.Sequence, _isStaged, _broken, options.Staging);
        FirstSequence = end.Sequence;
        _transaction = new Transaction(this, _log.MaxRecordBytes);
    }

    /// <summary>Whole chunks that data leaves to nodes: one, and one in 256; none on the smallest volumes.</summary>
    private static long KeptChunksOf(VolumeLayout layout)
    {
        long usable = layout.ChunkCount - layout.FirstUsableChunk;
        return usable < 8 ? 0 : 1 + (usable / 256);
    }

    private static string LabelOf(Superblock superblock)
    {
        ReadOnlySpan<byte> bytes = superblock.Label;
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
