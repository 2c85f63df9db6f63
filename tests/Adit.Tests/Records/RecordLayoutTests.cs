using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Format.Records;

namespace Adit.Tests.Records;

/// <summary>The bytes of the records of files and directories, as docs/FORMAT.md has them.</summary>
public sealed class RecordLayoutTests
{
    [Fact]
    public void Inode_record_has_its_size_and_offsets()
    {
        Assert.Equal(112, Marshal.SizeOf<InodeRecord>());
        Assert.Equal(112, System.Runtime.CompilerServices.Unsafe.SizeOf<InodeRecord>());
        (string Field, int Offset)[] expected =
        [
            (nameof(InodeRecord.Mode), 0), (nameof(InodeRecord.LinkCount), 4), (nameof(InodeRecord.UserId), 8),
            (nameof(InodeRecord.GroupId), 12), (nameof(InodeRecord.SizeBytes), 16), (nameof(InodeRecord.BlockCount), 24),
            (nameof(InodeRecord.ProjectId), 104), (nameof(InodeRecord.ChecksumEpoch), 108), (nameof(InodeRecord.Parent), 96), (nameof(InodeRecord.Generation), 88),
            (nameof(InodeRecord.Flags), 84), (nameof(InodeRecord.Device), 80),
        ];
        foreach ((string field, int offset) in expected)
        {
            Assert.Equal(offset, (int)Marshal.OffsetOf<InodeRecord>(field));
        }
    }

    [Fact]
    public void Inode_record_bytes_are_these()
    {
        InodeRecord record = new()
        {
            Mode = 0x81A4,
            LinkCount = 2,
            UserId = 3,
            GroupId = 4,
            SizeBytes = 0x0102030405,
            BlockCount = 6,
            AccessSeconds = 7,
            ModifySeconds = 8,
            ChangeSeconds = 9,
            BirthSeconds = 10,
            AccessNanoseconds = 11,
            ModifyNanoseconds = 12,
            ChangeNanoseconds = 13,
            BirthNanoseconds = 14,
            Device = 15,
            Flags = 16,
            Generation = 17,
            Parent = 18,
            ProjectId = 19,
            ChecksumEpoch = 21,
        };
        Assert.True(InodeRecord.TryRead(record.AsBytes(), out InodeRecord read));
        Assert.True(read.AsBytes().SequenceEqual(record.AsBytes()));
        Assert.Equal(InodeBytes, Convert.ToHexString(record.AsBytes()));
    }

    [Fact]
    public void Quota_record_bytes_are_these()
    {
        QuotaRecord record = new()
        {
            UsedBlocks = 1, UsedInodes = 2, BlockDeadline = 3, InodeDeadline = 4, SoftBlocks = 5, HardBlocks = 6, SoftInodes = 7, HardInodes = 0x0102030405060708,
        };
        Assert.Equal(64, Marshal.SizeOf<QuotaRecord>());
        Assert.Equal(string.Concat(Enumerable.Range(1, 7).Select(i => $"0{i}00000000000000")) + "0807060504030201", Convert.ToHexString(record.AsBytes()));
        Assert.True(QuotaRecord.TryRead(record.AsBytes(), out QuotaRecord read));
        Assert.True(read.AsBytes().SequenceEqual(record.AsBytes()));
        for (int offset = 0; offset < 64; offset += 8)
        {
            byte[] negative = record.AsBytes().ToArray();
            negative[offset + 7] = 0x80;
            Assert.False(QuotaRecord.TryRead(negative, out _));
        }

        Assert.False(QuotaRecord.TryRead(record.AsBytes()[..56], out _));
        Assert.Equal((0UL, 0x98000002_00000007UL), (QuotaRecord.Key(QuotaKind.Project, 7).High, QuotaRecord.Key(QuotaKind.Project, 7).Low));
        Assert.False(QuotaRecord.IsKey(QuotaRecord.Key(QuotaKind.Project, 0)));
        Assert.False(QuotaRecord.IsKey(new TreeKey(InodeNumber.Volume, RecordKind.Quota, 3UL << 32)));
    }

    [Fact]
    public void Quota_setting_bytes_are_these()
    {
        QuotaSetting setting = QuotaSetting.Initial with { State = QuotaState.Counting, Cursor = 0x0102 };
        setting.SetGrace(QuotaKind.Group, ofInodes: true, 3);
        const string Week = "803A0900";
        Assert.Equal(40, Marshal.SizeOf<QuotaSetting>());
        Assert.Equal("01000000" + "00000000" + "0201000000000000" + Week + Week + Week + "03000000" + Week + Week, Convert.ToHexString(setting.AsBytes()));
        Assert.True(QuotaSetting.TryRead(setting.AsBytes(), out QuotaSetting read));
        Assert.True(read.AsBytes().SequenceEqual(setting.AsBytes()));
        Assert.True(read.Covers(0x0101));
        Assert.False(read.Covers(0x0102));
        Assert.False(QuotaSetting.TryRead((setting with { State = QuotaState.On }).AsBytes(), out _));
        Assert.False(QuotaSetting.TryRead((setting with { State = (QuotaState)3 }).AsBytes(), out _));
        Assert.False(QuotaSetting.TryRead((setting with { Reserved = 1 }).AsBytes(), out _));
        Assert.Equal((0UL, 0x90000000_00000001UL), (QuotaSetting.Key.High, QuotaSetting.Key.Low));
    }

    [Fact]
    public void Checksum_record_bytes_are_these()
    {
        uint[] checksums = new uint[ChecksumRecord.BlocksPerRecord];
        checksums[1] = 0x01020304;
        checksums[63] = 0x05060708;
        byte[] bytes = new byte[ChecksumRecord.MaxSizeBytes];
        int length = ChecksumRecord.Write(bytes, epoch: 3, (1UL << 1) | (1UL << 63), checksums);

        Assert.Equal(272, ChecksumRecord.MaxSizeBytes);
        Assert.Equal("0300000000000000" + "0200000000000080" + "04030201" + "08070605", Convert.ToHexString(bytes.AsSpan(0, length)));
        Assert.True(ChecksumRecord.TryWrap(bytes.AsSpan(0, length), out ChecksumRecord record));
        Assert.Equal((3u, 0x01020304u, 0x05060708u), (record.Epoch, record[0], record[1]));
        Assert.Equal(new TreeKey(9, 0x4800_0000_0000_0007), ChecksumRecord.Key(new InodeNumber(9), 7));
        Assert.False(ChecksumRecord.TryWrap(bytes.AsSpan(0, length - 4), out _));
        Assert.False(ChecksumRecord.TryWrap(bytes.AsSpan(0, length + 4), out _));
        foreach ((int at, byte value) in new (int, byte)[] { (0, 2), (4, 1), (8, 6) })
        {
            byte[] damaged = bytes.AsSpan(0, length).ToArray();
            damaged[at] = value;
            Assert.False(ChecksumRecord.TryWrap(damaged, out _), $"byte {at}");
        }
    }

    [Fact]
    public void Damaged_inode_records_are_refused()
    {
        InodeRecord good = new() { Mode = 0x8000, LinkCount = 1 };
        Assert.True(InodeRecord.TryRead(good.AsBytes(), out _));
        Assert.False(InodeRecord.TryRead(good.AsBytes()[1..], out _));
        Assert.False(IsReadable(good with { Mode = 0x1A4 }));
        Assert.False(IsReadable(good with { Mode = 0x18000 }));
        Assert.False(IsReadable(good with { SizeBytes = -1 }));
        Assert.False(IsReadable(good with { SizeBytes = (1L << 55) + 1 }));
        Assert.False(IsReadable(good with { ModifyNanoseconds = 1_000_000_000 }));
        Assert.False(IsReadable(good with { Mode = 0x4000, ChecksumEpoch = 1 }));
    }

    [Fact]
    public void Directory_entry_bytes_are_these()
    {
        byte[] value = new byte[DirectoryEntryRecord.MaxSizeBytes];
        int length = DirectoryEntryRecord.Write(value, new InodeNumber(0x1234), 0x4000, "name"u8);
        Assert.Equal("3412000000000000" + "04" + "04" + "6E616D65", Convert.ToHexString(value.AsSpan(0, length)));
        Assert.Equal(length, DirectoryEntryRecord.SizeBytes(4));
        Assert.Equal(265, DirectoryEntryRecord.MaxSizeBytes);
        Assert.True(DirectoryEntryRecord.TryWrap(value.AsSpan(0, length), out DirectoryEntryRecord entry));
        Assert.Equal(0x1234UL, entry.Inode.Value);
        Assert.Equal(0x4000u, entry.TypeBits);
        Assert.True(entry.Name.SequenceEqual("name"u8));
        Assert.False(DirectoryEntryRecord.TryWrap(value.AsSpan(0, length - 1), out _));
        Assert.False(DirectoryEntryRecord.TryWrap(new byte[20], out _));
    }

    [Fact]
    public void Attribute_bytes_are_these()
    {
        byte[] value = new byte[AttributeRecord.MaxSizeBytes];
        int length = AttributeRecord.Write(value, "user.a"u8, "xyz"u8);
        Assert.Equal("03000000" + "06" + "00" + "0000" + "757365722E61" + "78797A", Convert.ToHexString(value.AsSpan(0, length)));
        Assert.True(AttributeRecord.TryWrap(value.AsSpan(0, length), out AttributeRecord small));
        Assert.True(small.InlineValue.SequenceEqual("xyz"u8));
        Assert.Equal(0, small.PieceCount);

        length = AttributeRecord.Write(value, "user.a"u8, new byte[2049]);
        Assert.Equal("01080000" + "06" + "01" + "0000" + "757365722E61", Convert.ToHexString(value.AsSpan(0, length)));
        Assert.True(AttributeRecord.TryWrap(value.AsSpan(0, length), out AttributeRecord large));
        Assert.Equal(3, large.PieceCount);
        value[6] = 1;
        Assert.False(AttributeRecord.TryWrap(value.AsSpan(0, length), out _));
    }

    [Fact]
    public void Orphan_bytes_are_these()
    {
        byte[] value = new byte[OrphanRecord.SizeBytes];
        new OrphanRecord(OrphanReasons.Unnamed | OrphanReasons.Truncating, 0x0A0B).Write(value);
        Assert.Equal("03000000" + "00000000" + "0B0A000000000000", Convert.ToHexString(value));
        Assert.True(OrphanRecord.TryRead(value, out OrphanRecord record));
        Assert.Equal(0x0A0B, record.FirstFreedBlock);
        value[0] = 4;
        Assert.False(OrphanRecord.TryRead(value, out _));
    }

    [Fact]
    public void Keys_are_these()
    {
        InodeNumber inode = new(7);
        Assert.Equal(new TreeKey(7, 0x10UL << 56), InodeRecord.Key(inode));
        Assert.Equal(new TreeKey(7, (0x20UL << 56) | 3), SymlinkPiece.Key(inode, 3));
        Assert.Equal(new TreeKey(7, (0x30UL << 56) | 0xABC00), DirectoryEntryRecord.Key(inode, 0xABC00));
        Assert.Equal(new TreeKey(7, (0x50UL << 56) | 0xABC00), AttributeRecord.Key(inode, 0xABC00));
        Assert.Equal(new TreeKey(7, (0x51UL << 56) | 0xABC0005), AttributeRecord.PieceKey(inode, 0xABC00, 5));
        Assert.Equal(new TreeKey(0, (0x60UL << 56) | 7), OrphanRecord.Key(inode));
    }

    /// <summary>The reference vector of SipHash-1-3: key 00..0f, message 00..0e.</summary>
    [Fact]
    public void Name_hash_is_SipHash_1_3()
    {
        byte[] key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        byte[] message = [.. Enumerable.Range(0, 15).Select(i => (byte)i)];
        NameHash hash = new(new Guid(key));
        Assert.Equal(0xd320d86d2a519956UL, hash.Hash(message));
        Assert.Equal((hash.Hash(message) >> 16) << 8, hash.EntryOffset(message));
        Assert.Equal((hash.Hash(message) >> 24) << 8, hash.AttributeOffset(message));
    }

    private const string InodeBytes =
        "A4810000" + "02000000" + "03000000" + "04000000" + "0504030201000000" + "0600000000000000"
        + "0800000000000000" + "0900000000000000" + "0C000000" + "0D000000"
        + "0700000000000000" + "0A00000000000000" + "0B000000" + "0E000000" + "0F000000" + "10000000"
        + "1100000000000000" + "1200000000000000" + "1300000015000000";

    private static bool IsReadable(InodeRecord record) => InodeRecord.TryRead(record.AsBytes(), out _);
}
