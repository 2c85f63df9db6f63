using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Metadata.Logging;
using Adit.Metadata.Trees;

namespace Adit.Metadata.Transactions;

/// <summary>One atomic change of a volume: puts and deletes of records, blocks taken and freed. All of it survives a crash, or
/// nothing does. A store has one such object and hands it out with its transaction lock held; it ends with
/// <see cref="Commit"/> or <see cref="Abort"/>, on the same thread.</summary>
/// <remarks>Reads through it show the state before it. Records are written to the log as they are put here, so a put costs
/// little more than a copy.</remarks>
public sealed unsafe partial class Transaction
{
    /// <summary>The largest value of a record.</summary>
    public const int MaxValueBytes = 1024;

    /// <summary>Operations that derived records may take beyond a transaction's own; see <see cref="IDerivedRecords"/>.</summary>
    public const int DerivedOperations = 8;

    /// <summary>Bytes of the record that derived records may take beyond a transaction's own.</summary>
    public const int DerivedBytes = 1024;

    private readonly MetadataStore _store;
    private readonly byte* _record;
    private readonly int _capacity;
    private int _recordLimit;
    private int _length;
    private int _operationCount;
    private int _operationLimit;
    private int _firstRefused;

    internal Transaction(MetadataStore store, int capacityBytes)
    {
        _store = store;
        _capacity = capacityBytes;
        _record = (byte*)NativeMemory.AlignedAlloc((nuint)capacityBytes + DerivedBytes, LogRecordHeader.Alignment);
    }

    /// <summary>Bytes of values that still fit, one record's keys and heads allowed for. 0 when the transaction is full.</summary>
    public int RoomBytes
    {
        get
        {
            int bytes = _capacity - _length - LogRecordHeader.Alignment - LogOperation.SizeBytes - TreeKey.SizeBytes;
            return Math.Max(0, Math.Min(bytes, (_operationLimit - _operationCount) * 64));
        }
    }

    /// <summary>What a whole record of the log holds, heads and keys of its operations included.</summary>
    public int CapacityBytes => _capacity;

    /// <summary>Operations that still fit.</summary>
    public int RoomOperations => _operationLimit - _operationCount;

    internal bool IsEmpty => _operationCount == 0;

    internal bool FreesBlocks { get; private set; }

    internal bool ChangesSpace { get; private set; }

    internal bool FencesData { get; private set; }

    /// <summary>The commit has begun: the record is written and applied, and the tree lock held.</summary>
    internal bool IsStarted { get; set; }

    /// <summary>Inserts a record, or replaces its value.</summary>
    /// <param name="key">Any key but those of derived records.</param>
    /// <param name="value">At most <see cref="MaxValueBytes"/>.</param>
    public void Put(TreeKey key, ReadOnlySpan<byte> value)
    {
        Invariant.That(value.Length <= MaxValueBytes, "a record's value is at most 1024 bytes long");
        int padded = Trees.Node.PaddedLength(value.Length);
        byte* target = Add(LogOperationKind.Put, (ushort)value.Length, 0, TreeKey.SizeBytes + padded);
        WriteKey(target, key);
        Trees.Node.CopyPadded(target + TreeKey.SizeBytes, value, padded);
    }

    /// <summary>Replaces some bytes of a record's value, which must be there and reach that far.</summary>
    /// <param name="key">Any key but those of derived records and extents.</param>
    /// <param name="offset">Where in the value.</param>
    /// <param name="lengthBytes">How many.</param>
    /// <returns>Where to put them, before anything else is done with the transaction.</returns>
    public Span<byte> Patch(TreeKey key, int offset, int lengthBytes)
    {
        int padded = Trees.Node.PaddedLength(lengthBytes);
        byte* target = Add(LogOperationKind.Patch, (ushort)lengthBytes, (uint)offset, TreeKey.SizeBytes + padded);
        WriteKey(target, key);
        byte* area = target + TreeKey.SizeBytes;
        Trees.Node.ClearPadding(area, lengthBytes, padded);
        return new Span<byte>(area, lengthBytes);
    }

    /// <summary>Takes the reserved blocks right behind an extent and makes it longer by them: a put and a take in one.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="fileBlock">Where the extent begins in it.</param>
    /// <param name="added">The blocks behind the extent's last.</param>
    public void GrowExtent(InodeNumber inode, long fileBlock, BlockExtent added)
    {
        Invariant.That(added.BlockCount is > 0 and <= uint.MaxValue, "a run of blocks fits into one operation");
        ChangesSpace = true;
        byte* target = Add(LogOperationKind.Grow, 0, (uint)added.BlockCount, TreeKey.SizeBytes + sizeof(long));
        WriteKey(target, new TreeKey(inode, RecordKind.Extent, (ulong)fileBlock));
        BinaryPrimitives.WriteInt64LittleEndian(new Span<byte>(target + TreeKey.SizeBytes, sizeof(long)), added.Start.Value);
    }

    /// <summary>Removes a record; without effect when there is none.</summary>
    public void Delete(TreeKey key) => WriteKey(Add(LogOperationKind.Delete, 0, 0, TreeKey.SizeBytes), key);

    /// <summary>Inserts or replaces the extent that begins at a file block.</summary>
    public void PutExtent(InodeNumber inode, long fileBlock, ExtentRecord extent)
    {
        Span<byte> value = stackalloc byte[ExtentRecord.SizeBytes];
        extent.Write(value);
        Put(new TreeKey(inode, RecordKind.Extent, (ulong)fileBlock), value);
    }

    /// <summary>Removes the extent that begins at a file block.</summary>
    public void DeleteExtent(InodeNumber inode, long fileBlock) =>
        Delete(new TreeKey(inode, RecordKind.Extent, (ulong)fileBlock));

    /// <summary>Reserved blocks belong to the volume's records from this transaction on.</summary>
    public void Take(BlockExtent blocks) => AddBlocks(LogOperationKind.Take, blocks);

    /// <summary>Taken blocks are free again; they can be given out once this transaction is durable.</summary>
    public void Free(BlockExtent blocks)
    {
        FreesBlocks = true;
        AddBlocks(LogOperationKind.Free, blocks);
    }

    /// <summary>The records before this transaction: nobody else changes them until it ends. Costs no lock.</summary>
    public TreeReader Before => new(_store.Tree);

    /// <summary>The value of a record before this transaction; valid until it ends.</summary>
    public bool TryGet(TreeKey key, out ReadOnlySpan<byte> value) => _store.Tree.TryGet(key, out value);

    /// <summary>The record with the largest key not above <paramref name="key"/>, before this transaction.</summary>
    public bool TryGetAtOrBelow(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) =>
        _store.Tree.TryGetAtOrBelow(key, out found, out value);

    /// <summary>The record with the smallest key not below <paramref name="key"/>, before this transaction.</summary>
    public bool TryGetAtOrAbove(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) =>
        _store.Tree.TryGetAtOrAbove(key, out found, out value);

    /// <summary>What the calling thread has written to data blocks shall be durable before the record is. So the fence need not be
    /// waited for while the transaction is being made.</summary>
    public void FenceDataFirst() => FencesData = true;

    /// <summary>Does the first half of <see cref="Commit"/>, up to where it would wait for the medium. What is done until then costs next to
    /// nothing; it takes no lock, which would wait too, and cannot fail.</summary>
    /// <exception cref="Media.MediumException">As from <see cref="Commit"/>.</exception>
    public void StartCommit() => _store.StartCommit(this);

    /// <summary>Writes the transaction to the log, applies it, and releases the transaction lock. Durable on return when
    /// <see cref="MetadataStore.CommitsAreDurable"/>, else with the next <see cref="MetadataStore.EnsureDurable"/>.</summary>
    /// <exception cref="Media.MediumException">The medium failed: the transaction may or may not be durable, and the store
    /// refuses further ones.</exception>
    public void Commit() => _store.Commit(this);

    /// <summary>Forgets the transaction and releases the transaction lock. Blocks reserved for it stay reserved.</summary>
    public void Abort() => _store.EndTransaction();

    internal void AbortUnlessEnded() => _store.EndTransactionIfHeld();

    /// <param name="operationLimit">Operations that it has room for.</param>
    /// <param name="failsAfter">Operations after which it fails, if fewer.</param>
    internal void Reset(int operationLimit, int failsAfter)
    {
        _length = LogRecordHeader.SizeBytes;
        _operationCount = 0;
        FreesBlocks = false;
        ChangesSpace = false;
        FencesData = false;
        IsStarted = false;
        _operationLimit = operationLimit;
        _recordLimit = _capacity;
        _firstRefused = Math.Min(operationLimit, failsAfter);
    }

    /// <summary>The callers' part is complete: what follows from it has its own room.</summary>
    internal void MakeRoomForDerived()
    {
        _firstRefused = _operationCount + DerivedOperations;
        _recordLimit = _capacity + DerivedBytes;
    }

    /// <summary>The finished record, its header still to be filled in.</summary>
    internal Span<byte> Seal()
    {
        int length = (_length + LogRecordHeader.Alignment - 1) & ~(LogRecordHeader.Alignment - 1);
        for (int at = _length; at < length; at += sizeof(ulong))
        {
            *(ulong*)(_record + at) = 0;
        }

        return new Span<byte>(_record, length);
    }

    /// <summary>What has been put so far, in order. Valid until more is put.</summary>
    public OperationReader Pending => new(Operations, (uint)_operationCount);

    internal int OperationCount => _operationCount;

    internal ReadOnlySpan<byte> Operations => new(_record + LogRecordHeader.SizeBytes, _length - LogRecordHeader.SizeBytes);

    internal void Release() => NativeMemory.AlignedFree(_record);

    private void AddBlocks(LogOperationKind kind, BlockExtent blocks)
    {
        Invariant.That(blocks.BlockCount is > 0 and <= uint.MaxValue, "a run of blocks fits into one operation");
        ChangesSpace = true;
        byte* target = Add(kind, 0, (uint)blocks.BlockCount, sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(new Span<byte>(target, sizeof(long)), blocks.Start.Value);
    }

    private byte* Add(LogOperationKind kind, ushort valueBytes, uint blockCount, int bodyBytes)
    {
        Invariant.That(
            _operationCount < _firstRefused && _length + LogOperation.SizeBytes + bodyBytes + LogRecordHeader.Alignment <= _recordLimit,
            "a transaction stays within the room it asked for");
        *(ulong*)(_record + _length) = LogOperation.Pack(kind, valueBytes, blockCount);
        byte* body = _record + _length + LogOperation.SizeBytes;
        _length += LogOperation.SizeBytes + bodyBytes;
        _operationCount++;
        return body;
    }

    private static void WriteKey(byte* target, TreeKey key)
    {
        Span<byte> bytes = new(target, TreeKey.SizeBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, key.High);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], key.Low);
    }
}
