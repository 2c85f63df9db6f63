using System.Runtime.CompilerServices;
using Adit.Format;

namespace Adit.Metadata.Trees;

/// <summary>One node of the tree, where it lies on the medium. A leaf holds values, an inner node children; both keep their
/// slots in key order behind the header. The caller has verified the node, or made it.</summary>
internal readonly unsafe struct Node(byte* start)
{
    /// <summary>What a node holds behind its header.</summary>
    public const int CapacityBytes = Geometry.BlockSize - NodeHeader.SizeBytes;

    public const int MaxChildren = CapacityBytes / NodeSlot.SizeBytes;

    public byte* Start { get; } = start;

    public ref NodeHeader Header
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref *(NodeHeader*)Start;
    }

    public NodeSlot* Slots
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (NodeSlot*)(Start + NodeHeader.SizeBytes);
    }

    public int Count => Header.Count;

    public bool IsLeaf => Header.Level == 0;

    /// <summary>Bytes that slots and values take.</summary>
    public int UsedBytes => IsLeaf
        ? (Count * NodeSlot.SizeBytes) + Geometry.BlockSize - Header.HeapStart - Header.DeadBytes
        : Count * NodeSlot.SizeBytes;

    public TreeKey KeyAt(int index) => Slots[index].Key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> ValueAt(int index) =>
        new(Start + Slots[index].ValueOffset, Slots[index].ValueBytes);

    /// <summary>Makes an empty node.</summary>
    public void Initialize(long address, ulong epoch, int level, ulong volumeTag)
    {
        Header = new NodeHeader
        {
            Magic = NodeHeader.ExpectedMagic,
            Address = address,
            Epoch = epoch,
            Level = (byte)level,
            HeapStart = Geometry.BlockSize,
            VolumeTag = volumeTag,
        };
    }

    /// <summary>The first slot whose key is not below <paramref name="key"/>; <see cref="Count"/> when there is none.</summary>
    public int LowerBound(TreeKey key, out bool isEqual) => LowerBound(key, 0, out isEqual);

    private int LowerBound(TreeKey key, int from, out bool isEqual)
    {
        NodeSlot* slots = Slots;
        ulong high = key.High;
        ulong low = key.Low;
        int to = Header.Count;
        while (from < to)
        {
            int middle = (from + to) >>> 1;
            NodeSlot* slot = slots + middle;
            bool isBelow = slot->KeyHigh < high || (slot->KeyHigh == high && slot->KeyLow < low);
            if (isBelow)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        isEqual = from < Header.Count && slots[from].KeyHigh == high && slots[from].KeyLow == low;
        return from;
    }

    /// <summary>The child that a key belongs to. The first slot's key says nothing: what is below the second belongs to the first child.</summary>
    public int ChildIndexOf(TreeKey key)
    {
        int index = LowerBound(key, 1, out bool isEqual);
        return isEqual ? index : index - 1;
    }

    public static int PaddedLength(int valueBytes) => (valueBytes + 7) & ~7;

    /// <summary>Copies a value; the bytes up to its padded length become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyPadded(byte* target, ReadOnlySpan<byte> value, int padded)
    {
        ClearPadding(target, value.Length, padded);
        value.CopyTo(new Span<byte>(target, value.Length));
    }

    /// <summary>Clears the last word of a value that does not fill it; the value is copied afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ClearPadding(byte* target, int lengthBytes, int padded)
    {
        if (padded != lengthBytes)
        {
            *(ulong*)(target + padded - sizeof(ulong)) = 0;
        }
    }

    /// <summary>Inserts a record into a leaf, making room inside it when needed.</summary>
    /// <returns>False when the leaf is too full; nothing has changed then.</returns>
    public bool TryInsert(int index, TreeKey key, ReadOnlySpan<byte> value)
    {
        int padded = PaddedLength(value.Length);
        int gap = Header.HeapStart - NodeHeader.SizeBytes - (Count * NodeSlot.SizeBytes);
        int needed = padded + NodeSlot.SizeBytes;
        if (gap < needed)
        {
            if (gap + Header.DeadBytes < needed)
            {
                return false;
            }

            Compact();
        }

        ushort offset = (ushort)(Header.HeapStart - padded);
        Header.HeapStart = offset;
        OpenSlot(index);
        Slots[index] = new NodeSlot
        {
            KeyHigh = key.High,
            KeyLow = key.Low,
            ValueOffset = offset,
            ValueBytes = (ushort)value.Length,
        };
        StoreValue(offset, value, padded);
        return true;
    }

    /// <summary>Replaces a value by one of the same padded length.</summary>
    public void Overwrite(int index, ReadOnlySpan<byte> value)
    {
        Slots[index].ValueBytes = (ushort)value.Length;
        StoreValue(Slots[index].ValueOffset, value, PaddedLength(value.Length));
    }

    /// <summary>Removes a record from a leaf, or a child from an inner node.</summary>
    public void Remove(int index)
    {
        if (IsLeaf)
        {
            NodeSlot slot = Slots[index];
            int padded = PaddedLength(slot.ValueBytes);
            if (slot.ValueOffset == Header.HeapStart)
            {
                Header.HeapStart += (ushort)padded;
            }
            else
            {
                Header.DeadBytes += (ushort)padded;
            }
        }

        NodeSlot* slots = Slots;
        long tail = (long)(Count - index - 1) * NodeSlot.SizeBytes;
        Buffer.MemoryCopy(slots + index + 1, slots + index, tail, tail);
        Header.Count--;
        if (Header.Count == 0 && IsLeaf)
        {
            Header.HeapStart = Geometry.BlockSize;
            Header.DeadBytes = 0;
        }
    }

    /// <summary>Inserts a child into an inner node that has room.</summary>
    public void InsertChild(int index, TreeKey key, long child)
    {
        if (index == 1 && KeyAt(0) >= key)
        {
            // It says nothing, and stays in order all the same: builds from before compare it.
            Slots[0].KeyHigh = TreeKey.Min.High;
            Slots[0].KeyLow = TreeKey.Min.Low;
        }

        OpenSlot(index);
        Slots[index] = new NodeSlot { KeyHigh = key.High, KeyLow = key.Low, Child = child };
    }

    /// <summary>Moves the slots from <paramref name="from"/> on, with their values, behind those of another node.</summary>
    public void MoveTailTo(Node target, int from)
    {
        for (int index = from; index < Count; index++)
        {
            if (IsLeaf)
            {
                bool isInserted = target.TryInsert(target.Count, KeyAt(index), ValueAt(index));
                Invariant.That(isInserted, "the records of a split or merge fit into the other node");
            }
            else
            {
                target.InsertChild(target.Count, KeyAt(index), Slots[index].Child);
            }
        }

        while (Count > from)
        {
            Remove(Count - 1);
        }

        if (IsLeaf)
        {
            Compact();
        }
    }

    /// <summary>Moves the values together at the end of the leaf.</summary>
    public void Compact()
    {
        if (Header.DeadBytes == 0)
        {
            return;
        }

        byte* copy = stackalloc byte[Geometry.BlockSize];
        Unsafe.CopyBlock(copy, Start, Geometry.BlockSize);
        int heap = Geometry.BlockSize;
        NodeSlot* slots = Slots;
        int count = Count;
        for (int index = 0; index < count; index++)
        {
            int padded = PaddedLength(slots[index].ValueBytes);
            heap -= padded;
            Unsafe.CopyBlock(Start + heap, copy + slots[index].ValueOffset, (uint)padded);
            slots[index].ValueOffset = (ushort)heap;
        }

        Header.HeapStart = (ushort)heap;
        Header.DeadBytes = 0;
    }

    private void OpenSlot(int index)
    {
        NodeSlot* slots = Slots;
        long tail = (long)(Count - index) * NodeSlot.SizeBytes;
        Buffer.MemoryCopy(slots + index, slots + index + 1, tail, tail);
        Header.Count++;
    }

    private void StoreValue(int offset, ReadOnlySpan<byte> value, int padded) => CopyPadded(Start + offset, value, padded);
}
