using Adit.Format;
using Adit.Media;
using Adit.Metadata.Nodes;

namespace Adit.Metadata.Trees;

/// <summary>The copy-on-write B+tree of one volume, as it is now.</summary>
/// <remarks>
/// <para>Invariants: a node whose epoch is the current one is a working node: nothing published points to it, it is changed in
/// place, and its checksum is not kept. A node of an older epoch is never changed; the first change copies it to a free block,
/// and its parent, already a working node by then, is pointed to the copy.</para>
/// <para>Locks: readers hold the store's tree lock shared; whoever changes the tree holds the transaction lock and the tree lock
/// exclusively, or the transaction lock alone while no reader can be there yet (recovery).</para>
/// <para>Failure: a node that does not prove itself is reported by <see cref="TreeDamagedException"/>, before anything changed.
/// Changes cannot run out of nodes: the store sets enough aside before a transaction begins.</para>
/// </remarks>
internal sealed unsafe partial class WorkingTree
{
    private readonly Medium _medium;
    private readonly NodeSpace _space;
    private readonly VerifiedBlocks _verified;
    private readonly long _firstBlock;
    private readonly long _endBlock;
    private readonly ulong _volumeTag;
    private readonly BrokenVariant _broken;

    /// <summary>Nodes of a later epoch than this cannot have been published when the volume was opened.</summary>
    private readonly ulong _openedEpoch;

    public WorkingTree(Medium medium, NodeSpace space, VolumeLayout layout, in Superblock superblock, BrokenVariant broken)
    {
        _medium = medium;
        _space = space;
        _broken = broken;
        _verified = new VerifiedBlocks(layout.VolumeBlocks);
        _firstBlock = layout.FirstUsableChunk << Geometry.BlocksPerChunkShift;
        _endBlock = layout.VolumeBlocks;
        _volumeTag = VolumeTag.Of(superblock.VolumeId);
        _openedEpoch = superblock.Epoch;
        Root = superblock.RootBlock;
        RootLevel = (int)superblock.RootLevel;
        Epoch = superblock.Epoch + 1;
    }

    public long Root { get; private set; }

    public int RootLevel { get; private set; }

    /// <summary>The epoch that working nodes belong to.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>Closes the epoch: every node of now becomes immutable.</summary>
    public void BeginNextEpoch()
    {
        Epoch++;

        // Blocks that were nodes may become data: what lies there then must not be taken for one.
        Array.Clear(_places);
    }

    public void Dispose() => _verified.Dispose();

    private Node NodeAt(long block) => new(_medium.Start + (block << Geometry.BlockShift));

    /// <summary>The node at <paramref name="block"/>, made a working node if it is not one yet.</summary>
    /// <param name="block">Updated to where the working copy lies.</param>
    private Node MakeWorking(ref long block)
    {
        Node node = NodeAt(block);
        if (node.Header.Epoch == Epoch || _broken == BrokenVariant.ModifyNodeInPlace)
        {
            return node;
        }

        long copy = AllocateNode();
        Node target = NodeAt(copy);
        Buffer.MemoryCopy(node.Start, target.Start, Geometry.BlockSize, Geometry.BlockSize);
        target.Header.Address = copy;
        target.Header.Epoch = Epoch;
        target.Header.Crc = 0;
        _space.Free(block, isWorking: false);
        block = copy;
        return target;
    }

    private Node MakeNode(int level, out long block)
    {
        block = AllocateNode();
        Node node = NodeAt(block);
        node.Initialize(block, Epoch, level, _volumeTag);
        return node;
    }

    private long AllocateNode()
    {
        long block = _space.Allocate();
        _verified.Set(block);
        return block;
    }

    private void FreeNode(long block)
    {
        Node node = NodeAt(block);
        bool isWorking = node.Header.Epoch == Epoch;
        if (isWorking)
        {
            // A remembered place must not find a record in a node that is no longer part of the tree.
            node.Header.Magic = 0;
        }

        _space.Free(block, isWorking);
    }
}
