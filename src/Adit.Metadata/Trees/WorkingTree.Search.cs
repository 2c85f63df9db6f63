using Adit.Format;

namespace Adit.Metadata.Trees;

internal sealed unsafe partial class WorkingTree
{
    public bool TryGet(TreeKey key, out ReadOnlySpan<byte> value)
    {
        Node leaf = FindLeaf(key);
        int index = leaf.LowerBound(key, out bool isEqual);
        value = isEqual ? leaf.ValueAt(index) : default;
        return isEqual;
    }

    /// <summary>The record with the largest key that is not above <paramref name="key"/>.</summary>
    public bool TryGetAtOrBelow(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value)
    {
        Path path = default;
        Node leaf = FindLeaf(key, ref path);
        int index = leaf.LowerBound(key, out bool isEqual);
        if (!isEqual)
        {
            index--;
        }

        while (index < 0)
        {
            if (!TryStep(ref path, -1, out leaf))
            {
                found = default;
                value = default;
                return false;
            }

            index = leaf.Count - 1;
        }

        found = leaf.KeyAt(index);
        value = leaf.ValueAt(index);
        return true;
    }

    /// <summary>The record with the smallest key that is not below <paramref name="key"/>.</summary>
    public bool TryGetAtOrAbove(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value)
    {
        Path path = default;
        Node leaf = FindLeaf(key, ref path);
        int index = leaf.LowerBound(key, out _);
        while (index >= leaf.Count)
        {
            if (!TryStep(ref path, 1, out leaf))
            {
                found = default;
                value = default;
                return false;
            }

            index = 0;
        }

        found = leaf.KeyAt(index);
        value = leaf.ValueAt(index);
        return true;
    }

    private Node FindLeaf(TreeKey key)
    {
        Node node = GetNode(Root, RootLevel);
        for (int level = RootLevel; level > 0; level--)
        {
            node = GetNode(node.Slots[node.ChildIndexOf(key)].Child, level - 1);
        }

        return node;
    }

    private Node FindLeaf(TreeKey key, ref Path path)
    {
        Node node = GetNode(Root, RootLevel);
        for (int level = RootLevel; level > 0; level--)
        {
            int index = node.ChildIndexOf(key);
            path.Nodes[level] = (long)node.Start;
            path.Indexes[level] = index;
            node = GetNode(node.Slots[index].Child, level - 1);
        }

        return node;
    }

    /// <summary>Goes to the leaf beside the one that the path leads to.</summary>
    private bool TryStep(ref Path path, int direction, out Node leaf)
    {
        for (int level = 1; level <= RootLevel; level++)
        {
            Node node = new((byte*)path.Nodes[level]);
            int index = path.Indexes[level] + direction;
            if (index < 0 || index >= node.Count)
            {
                continue;
            }

            path.Indexes[level] = index;
            leaf = GetNode(node.Slots[index].Child, level - 1);
            for (int below = level - 1; below > 0; below--)
            {
                index = direction > 0 ? 0 : leaf.Count - 1;
                path.Nodes[below] = (long)leaf.Start;
                path.Indexes[below] = index;
                leaf = GetNode(leaf.Slots[index].Child, below - 1);
            }

            return true;
        }

        leaf = default;
        return false;
    }

    /// <summary>The inner nodes that lead to a leaf, by level.</summary>
    private struct Path
    {
        public fixed long Nodes[NodeHeader.MaxLevel + 1];
        public fixed int Indexes[NodeHeader.MaxLevel + 1];
    }
}
