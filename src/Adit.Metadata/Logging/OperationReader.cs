using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Adit.Format;

namespace Adit.Metadata.Logging;

/// <summary>Walks the operations of one record.</summary>
public ref struct OperationReader(ReadOnlySpan<byte> operations, uint count)
{
    private ref byte _next = ref MemoryMarshal.GetReference(operations);
    private int _leftBytes = operations.Length;
    private uint _left = count;

    public LogOperationKind Kind { get; private set; }

    public TreeKey Key { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public BlockExtent Blocks { get; private set; }

    /// <summary>Of a patch: where in the value it lies.</summary>
    public int Offset { get; private set; }

    /// <exception cref="VolumeException">A record that proves itself holds an operation that this build does not know.</exception>
    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        ulong head = TakeWord();
        int valueBytes = (ushort)(head >> 16);
        uint number = (uint)(head >> 32);
        Kind = (LogOperationKind)(byte)head;
        switch (Kind)
        {
            case LogOperationKind.Put:
                Key = TakeKey();
                Value = TakeValue(valueBytes);
                return true;
            case LogOperationKind.Patch:
                Key = TakeKey();
                Value = TakeValue(valueBytes);
                Offset = number <= Transactions.Transaction.MaxValueBytes ? (int)number : throw Damaged("a patch behind a value");
                return true;
            case LogOperationKind.Delete:
                Key = TakeKey();
                return true;
            case LogOperationKind.Grow:
                Key = TakeKey();
                Blocks = TakeBlocks(number);
                return true;
            case LogOperationKind.Take:
            case LogOperationKind.Free:
                Blocks = TakeBlocks(number);
                return true;
            default:
                throw Damaged($"operation {(byte)Kind}");
        }
    }

    private static VolumeException Damaged(string what) => new(
        Interop.Errno.EUCLEAN, $"The log holds a record with {what}, which this version does not understand; open the volume with a newer version, or run 'adit fsck'.");

    private BlockExtent TakeBlocks(uint blockCount) => new(new BlockAddress((long)TakeWord()), blockCount);

    private TreeKey TakeKey()
    {
        ref byte key = ref Take(TreeKey.SizeBytes);
        return new TreeKey(Word(ref key), Word(ref Unsafe.Add(ref key, sizeof(ulong))));
    }

    private ReadOnlySpan<byte> TakeValue(int lengthBytes) =>
        MemoryMarshal.CreateReadOnlySpan(ref Take(Trees.Node.PaddedLength(lengthBytes)), lengthBytes);

    private ulong TakeWord() => Word(ref Take(sizeof(ulong)));

    private static ulong Word(ref byte at) => Unsafe.ReadUnaligned<ulong>(ref at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref byte Take(int bytes)
    {
        if (bytes > _leftBytes)
        {
            throw Damaged("more operations than bytes");
        }

        ref byte taken = ref _next;
        _next = ref Unsafe.Add(ref _next, bytes);
        _leftBytes -= bytes;
        return ref taken;
    }
}
