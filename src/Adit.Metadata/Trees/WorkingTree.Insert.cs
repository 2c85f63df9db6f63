using Adit.Format;

namespace Adit.Metadata.Trees;

internal sealed unsafe partial class WorkingTree
{
    // The working path of the change at hand, by level. One change at a time: the transaction lock is held.
    private readonly long[] _path = new long[NodeHeader.MaxLevel + 1];
    private readonly int[] _pathIndex = new int[NodeHeader.MaxLevel + 1];

    public void Put(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (TryOverwriteRemembered(key, value))
        {
            return;
        }

        Node leaf = DescendWorking(key);
        int index = leaf.LowerBound(key, out bool isEqual);
        if (isEqual)
        {
            if (Node.PaddedLength(leaf.Slots[index].ValueBytes) == Node.PaddedLength(value.Length))
            {
                leaf.Overwrite(index, value);
                Remember(key, leaf, index);
                return;
            }

            leaf.Remove(index);
        }

        if (leaf.TryInsert(index, key, value))
        {
            Remember(key, leaf, index);
            return;
        }

        SplitLeaf(leaf, index, key, value);
    }

    /// <summary>Makes every node on the way to a key's leaf a working node.</summary>
    private Node DescendWorking(TreeKey key)
    {
        long block = Root;
        GetNode(block, RootLevel);
        Node node = MakeWorking(ref block);
        Root = block;
        for (int level = RootLevel; level > 0; level--)
        {
            int index = node.ChildIndexOf(key);
            _path[level] = block;
            _pathIndex[level] = index;
            long child = node.Slots[index].Child;
            GetNode(child, level - 1);
            Node below = MakeWorking(ref child);
            node.Slots[index].Child = child;
            node = below;
            block = child;
        }

        _path[0] = block;
        return node;
    }

    private void SplitLeaf(Node leaf, int index, TreeKey key, ReadOnlySpan<byte> value)
    {
        Node right = MakeNode(0, out long rightBlock);
        if (index == leaf.Count)
        {
            // Keys that come in ascending order leave full nodes behind.
            right.TryInsert(0, key, value);
            InsertIntoParent(1, key, rightBlock);
            return;
        }

        int middle = ByteMiddle(leaf);
        leaf.MoveTailTo(right, middle);
        TreeKey separator = right.KeyAt(0);
        bool isInserted = index <= middle && key < separator
            ? leaf.TryInsert(index, key, value)
            : right.TryInsert(index - middle, key, value);
        Invariant.That(isInserted, "a record fits into half of a split leaf");
        InsertIntoParent(1, separator, rightBlock);
    }

    /// <summary>The slot that divides a leaf's bytes most evenly, with at least one record on either side.</summary>
    private static int ByteMiddle(Node leaf)
    {
        int half = leaf.UsedBytes / 2;
        int sum = 0;
        for (int index = 0; index < leaf.Count; index++)
        {
            int size = NodeSlot.SizeBytes + Node.PaddedLength(leaf.Slots[index].ValueBytes);
            if (sum + (size / 2) >= half)
            {
                return Math.Clamp(index, 1, leaf.Count - 1);
            }

            sum += size;
        }

        return leaf.Count - 1;
    }

    /// <summary>Adds a child behind the one that the path goes through at a level.</summary>
    private void InsertIntoParent(int level, TreeKey separator, long child)
    {
        if (level > RootLevel)
        {
            Invariant.That(level <= NodeHeader.MaxLevel, "the tree stays within its largest height");
            Node root = MakeNode(level, out long rootBlock);
            root.InsertChild(0, TreeKey.Min, Root);
            root.InsertChild(1, separator, child);
            Root = rootBlock;
            RootLevel = level;
            return;
        }

        Node parent = NodeAt(_path[level]);
        int index = _pathIndex[level] + 1;
        if (parent.Count < Node.MaxChildren)
        {
            parent.InsertChild(index, separator, child);
            return;
        }

        Node right = MakeNode(level, out long rightBlock);
        int middle = index == parent.Count ? parent.Count - 1 : parent.Count / 2;
        parent.MoveTailTo(right, middle);
        TreeKey up = right.KeyAt(0);
        if (index <= middle)
        {
            parent.InsertChild(index, separator, child);
        }
        else
        {
            right.InsertChild(index - middle, separator, child);
        }

        InsertIntoParent(level + 1, up, rightBlock);
    }
}
