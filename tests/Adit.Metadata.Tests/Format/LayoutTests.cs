using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Adit.Format;

namespace Adit.Metadata.Tests.Format;

/// <summary>The structures of the medium: sizes, offsets and bytes, as docs/FORMAT.md gives them.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Structures_have_the_documented_sizes()
    {
        Assert.Equal(512, Unsafe.SizeOf<Superblock>());
        Assert.Equal(48, Unsafe.SizeOf<LogRecordHeader>());
        Assert.Equal(8, Unsafe.SizeOf<LogOperation>());
        Assert.Equal(64, Unsafe.SizeOf<NodeHeader>());
        Assert.Equal(24, Unsafe.SizeOf<NodeSlot>());
        Assert.Equal(128, Unsafe.SizeOf<NodeMapSlot>());
        Assert.Equal(64, Unsafe.SizeOf<NodeMapDeltaHeader>());
    }

    [Theory]
    [InlineData(nameof(Superblock.Magic), 0)]
    [InlineData(nameof(Superblock.Crc), 8)]
    [InlineData(nameof(Superblock.Version), 16)]
    [InlineData(nameof(Superblock.IncompatibleFeatures), 40)]
    [InlineData(nameof(Superblock.VolumeId), 48)]
    [InlineData(nameof(Superblock.Label), 64)]
    [InlineData(nameof(Superblock.Sequence), 128)]
    [InlineData(nameof(Superblock.MediumKind), 144)]
    [InlineData(nameof(Superblock.NodeMapStart), 160)]
    [InlineData(nameof(Superblock.LogStart), 176)]
    [InlineData(nameof(Superblock.Epoch), 200)]
    [InlineData(nameof(Superblock.RootBlock), 208)]
    [InlineData(nameof(Superblock.LogHead), 224)]
    [InlineData(nameof(Superblock.Incarnation), 240)]
    [InlineData(nameof(Superblock.NextInode), 256)]
    [InlineData(nameof(Superblock.NodeMapChain), 264)]
    [InlineData(nameof(Superblock.NodeChunkHints), 288)]
    [InlineData(nameof(Superblock.Reserved1), 416)]
    public void Superblock_fields_lie_where_documented(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<Superblock>(field));

    [Theory]
    [InlineData(nameof(LogRecordHeader.LengthBytes), 4)]
    [InlineData(nameof(LogRecordHeader.Sequence), 8)]
    [InlineData(nameof(LogRecordHeader.Incarnation), 16)]
    [InlineData(nameof(LogRecordHeader.Crc), 20)]
    [InlineData(nameof(LogRecordHeader.NextInode), 24)]
    [InlineData(nameof(LogRecordHeader.OperationCount), 32)]
    [InlineData(nameof(LogRecordHeader.Flags), 36)]
    [InlineData(nameof(LogRecordHeader.Position), 40)]
    public void Record_fields_lie_where_documented(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<LogRecordHeader>(field));

    [Theory]
    [InlineData(nameof(NodeHeader.Crc), 4)]
    [InlineData(nameof(NodeHeader.Address), 8)]
    [InlineData(nameof(NodeHeader.Epoch), 16)]
    [InlineData(nameof(NodeHeader.Level), 24)]
    [InlineData(nameof(NodeHeader.Count), 26)]
    [InlineData(nameof(NodeHeader.HeapStart), 28)]
    [InlineData(nameof(NodeHeader.DeadBytes), 30)]
    [InlineData(nameof(NodeHeader.VolumeTag), 32)]
    public void Node_fields_lie_where_documented(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<NodeHeader>(field));

    [Fact]
    public void Superblock_bytes_are_what_they_were()
    {
        Superblock superblock = new()
        {
            Version = 1,
            MinimumVersion = 1,
            VolumeId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
            Sequence = 2,
            VolumeBlocks = 4096,
            FirstUsableChunk = 1,
            Epoch = 3,
        };
        byte[] bytes = new byte[Superblock.SizeBytes];
        superblock.Write(bytes);
        Assert.Equal("ADITVOL1", System.Text.Encoding.ASCII.GetString(bytes, 0, 8));
        Assert.Equal("00020000", Convert.ToHexString(bytes, 12, 4));
        Assert.Equal("33221100554477668899AABBCCDDEEFF", Convert.ToHexString(bytes, 48, 16));
        Assert.Equal("0200000000000000", Convert.ToHexString(bytes, 128, 8));
        Assert.Equal("0010000000000000", Convert.ToHexString(bytes, 136, 8));
        Assert.Equal("0300000000000000", Convert.ToHexString(bytes, 200, 8));
        Assert.True(Superblock.TryRead(bytes, out Superblock read));
        Assert.Equal(superblock.VolumeId, read.VolumeId);
        bytes[300] ^= 1;
        Assert.False(Superblock.TryRead(bytes, out _));
    }

    [Fact]
    public void Checksum_is_crc32c()
    {
        // The check value of CRC-32C: RFC 3720, appendix B.4, and the usual "123456789".
        Assert.Equal(0xE3069283u, Checksum.Of("123456789"u8));
        Assert.Equal(0x8A9136AAu, Checksum.Of(new byte[32]));
        byte[] bytes = new byte[100];
        new Random(1).NextBytes(bytes);
        byte[] zeroed = [.. bytes];
        zeroed.AsSpan(20, 4).Clear();
        Assert.Equal(Checksum.Of(zeroed), Checksum.OfExceptField(bytes, 20));
    }

    [Theory]
    [InlineData(8L << 20)]
    [InlineData(1L << 30)]
    [InlineData(64L << 30)]
    [InlineData(1L << 40)]
    public void Layout_parts_do_not_overlap(long volumeBytes)
    {
        VolumeLayout layout = VolumeLayout.For(volumeBytes, 0);
        (long Start, long End)[] parts =
        [
            (0, 1),
            (layout.NodeMapStart, layout.NodeMapStart + layout.NodeMapBlocks),
            (Superblock.SecondCopyBlock, Superblock.SecondCopyBlock + 1),
            (layout.LogStart, layout.LogStart + layout.LogBlocks),
            (layout.FirstUsableChunk << Geometry.BlocksPerChunkShift, layout.VolumeBlocks),
        ];
        Array.Sort(parts);
        for (int index = 1; index < parts.Length; index++)
        {
            Assert.True(parts[index - 1].End <= parts[index].Start, $"{parts[index - 1]} and {parts[index]} overlap");
        }

        Assert.True(layout.NodeMapBlocks * NodeMapSlot.PerBlock >= layout.ChunkCount);
    }
}
