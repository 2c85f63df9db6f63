using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Adit.Format;

namespace Adit.Metadata.Logging;

/// <summary>Walks the operations of one record.</summary>
internal ref struct OperationReader(ReadOnlySpan<byte> operations, uint count)
{
    private ReadOnlySpan<byte> _rest = operations;
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
        LogOperation operation = MemoryMarshal.Read<LogOperation>(Take(LogOperation.SizeBytes));
        Kind = operation.Kind;
        switch (operation.Kind)
        {
            case LogOperationKind.Put:
                Key = ReadKey();
                Value = Take(Trees.Node.PaddedLength(operation.ValueBytes))[..operation.ValueBytes];
                return true;
            case LogOperationKind.Patch:
                Key = ReadKey();
                Value = Take(Trees.Node.PaddedLength(operation.ValueBytes))[..operation.ValueBytes];
                Offset = operation.BlockCount <= Transactions.Transaction.MaxValueBytes ? (int)operation.BlockCount : throw Damaged("a patch behind a value");
                return true;
            case LogOperationKind.Delete:
                Key = ReadKey();
                return true;
            case LogOperationKind.Grow:
                Key = ReadKey();
                Blocks = ReadBlocks(operation);
                return true;
            case LogOperationKind.Take:
            case LogOperationKind.Free:
                Blocks = ReadBlocks(operation);
                return true;
            default:
                throw Damaged($"operation {(byte)operation.Kind}");
        }
    }

    private static VolumeException Damaged(string what) => new(
        Interop.Errno.EUCLEAN, $"The log holds a record with {what}, which this version does not understand; open the volume with a newer version, or run 'adit fsck'.");

    private BlockExtent ReadBlocks(LogOperation operation) =>
        new(new BlockAddress(BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)))), operation.BlockCount);

    private TreeKey ReadKey()
    {
        ReadOnlySpan<byte> bytes = Take(TreeKey.SizeBytes);
        return new TreeKey(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _rest.Length)
        {
            throw Damaged("more operations than bytes");
        }

        ReadOnlySpan<byte> taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
