using Adit.Format;

namespace Adit.Metadata.Trees;

internal sealed unsafe partial class WorkingTree
{
    /// <summary>Two neighbours become one when together they fill at most this much.</summary>
    private const int MergeBytes = Node.CapacityBytes * 3 / 4;

    /// <summary>A node that fills less looks for a neighbour to merge with.</summary>
    private const int SparseBytes = Node.CapacityBytes / 4;

    /// <summary>Removes a record; without effect when there is none.</summary>
    public bool Delete(TreeKey key)
    {
        Node leaf;
        NodeSlot* slot = FindRememberedSlot(key, out byte* start);
        if (slot is not null)
        {
            leaf = new Node(start);
            leaf.Remove((int)(slot - leaf.Slots));
            if (RootLevel == 0 || leaf.UsedBytes >= SparseBytes)
            {
                return true;
            }

            // The way to the leaf is needed now; the key still belongs into it.
            leaf = DescendWorking(key);
            Shrink(leaf, 0);
            return true;
        }

        if (!TryGet(key, out _))
        {
            return false;
        }

        leaf = DescendWorking(key);
        int index = leaf.LowerBound(key, out bool isEqual);
        Invariant.That(isEqual, "a record that was found is still there");
        leaf.Remove(index);
        if (leaf.UsedBytes < SparseBytes)
        {
            Shrink(leaf, 0);
        }

        return true;
    }

    /// <summary>Merges a sparse node with a neighbour, or drops it when it is empty.</summary>
    private void Shrink(Node node, int level)
    {
        if (level == RootLevel)
        {
            CollapseRoot();
            return;
        }

        Node parent = NodeAt(_path[level + 1]);
        int index = _pathIndex[level + 1];
        if (node.Count == 0)
        {
            FreeNode(parent.Slots[index].Child);
            parent.Remove(index);
        }
        else if (index > 0 && TryMerge(parent, index - 1, level))
        {
        }
        else if (index + 1 < parent.Count && TryMerge(parent, index, level))
        {
        }
        else
        {
            return;
        }

        if (parent.UsedBytes < SparseBytes)
        {
            Shrink(parent, level + 1);
        }
    }

    /// <summary>Merges the child behind <paramref name="leftIndex"/> into it when both fit into one.</summary>
    private bool TryMerge(Node parent, int leftIndex, int level)
    {
        long leftBlock = parent.Slots[leftIndex].Child;
        long rightBlock = parent.Slots[leftIndex + 1].Child;
        if (!TryGetNode(leftBlock, level, out Node left) || !TryGetNode(rightBlock, level, out Node right))
        {
            // A damaged neighbour is no reason to fail: this change does not need it.
            return false;
        }

        if (left.UsedBytes + right.UsedBytes > MergeBytes)
        {
            return false;
        }

        left = MakeWorking(ref leftBlock);
        parent.Slots[leftIndex].Child = leftBlock;
        right = MakeWorking(ref rightBlock);
        if (level > 0)
        {
            // The first key of an inner node is not kept; its parent knows it.
            TreeKey separator = parent.KeyAt(leftIndex + 1);
            right.Slots[0].KeyHigh = separator.High;
            right.Slots[0].KeyLow = separator.Low;
        }

        right.MoveTailTo(left, 0);
        FreeNode(rightBlock);
        parent.Remove(leftIndex + 1);
        return true;
    }

    private void CollapseRoot()
    {
        while (RootLevel > 0)
        {
            Node root = NodeAt(Root);
            if (root.Count > 1)
            {
                return;
            }

            if (root.Count == 0)
            {
                FreeNode(Root);
                MakeNode(0, out long leaf);
                Root = leaf;
                RootLevel = 0;
                return;
            }

            long child = root.Slots[0].Child;
            FreeNode(Root);
            Root = child;
            RootLevel--;
        }
    }
}
