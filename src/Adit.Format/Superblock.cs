using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>Where everything begins: two equal copies, in block 0 and in block <see cref="SecondCopyBlock"/>. The valid one
/// with the higher <see cref="Sequence"/> counts; they differ only while one of them is being written.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct Superblock
{
    public const int SizeBytes = 512;

    /// <summary>"ADITVOL1".</summary>
    public const ulong ExpectedMagic = 0x314C_4F56_5449_4441;

    public const int ChecksumOffset = 8;

    /// <summary>The last block of the first chunk: far from the first copy, and found without it.</summary>
    public const long SecondCopyBlock = Geometry.BlocksPerChunk - 1;

    public const int LabelBytes = 64;

    public const int HintCount = 16;

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(ChecksumOffset)] public uint Crc;
    [FieldOffset(12)] public uint StructBytes;
    [FieldOffset(16)] public uint Version;
    [FieldOffset(20)] public uint MinimumVersion;
    [FieldOffset(24)] public ulong CompatibleFeatures;
    [FieldOffset(32)] public ulong ReadOnlyCompatibleFeatures;
    [FieldOffset(40)] public ulong IncompatibleFeatures;
    [FieldOffset(48)] public Guid VolumeId;
    [FieldOffset(64)] public LabelText Label;

    /// <summary>Counts publications; the higher valid copy wins.</summary>
    [FieldOffset(128)] public ulong Sequence;
    [FieldOffset(136)] public long VolumeBlocks;

    /// <summary>The kind of medium it was made for, as Adit.Media.MediumKind numbers it.</summary>
    [FieldOffset(144)] public uint MediumKind;
    [FieldOffset(148)] public SuperblockFlags Flags;
    [FieldOffset(152)] public long CreatedUnixMs;
    [FieldOffset(160)] public long NodeMapStart;
    [FieldOffset(168)] public long NodeMapBlocks;
    [FieldOffset(176)] public long LogStart;
    [FieldOffset(184)] public long LogBlocks;

    /// <summary>The first chunk that holds data or nodes; everything before is fixed.</summary>
    [FieldOffset(192)] public long FirstUsableChunk;

    /// <summary>The epoch whose tree this is.</summary>
    [FieldOffset(200)] public ulong Epoch;
    [FieldOffset(208)] public long RootBlock;
    [FieldOffset(216)] public uint RootLevel;
    [FieldOffset(220)] public uint Reserved0;

    /// <summary>Where the first record behind the tree lies, in bytes ever logged: its place in the ring is the remainder.</summary>
    [FieldOffset(224)] public ulong LogHead;

    /// <summary>The sequence number of that record.</summary>
    [FieldOffset(232)] public ulong LogSequence;

    /// <summary>Counts openings for writing; records of another incarnation are not part of the log.</summary>
    [FieldOffset(240)] public ulong Incarnation;
    [FieldOffset(248)] public long FreeBlocks;
    [FieldOffset(256)] public ulong NextInode;

    /// <summary>The first block of the chain with this epoch's changes of the node map, or 0.</summary>
    [FieldOffset(264)] public long NodeMapChain;
    [FieldOffset(272)] public long NodeCount;
    [FieldOffset(280)] public long ClosedUnixMs;

    /// <summary>Node chunks with room, 0 where unused: where to look first after opening.</summary>
    [FieldOffset(288)] public ChunkHints NodeChunkHints;
    [FieldOffset(416)] public ReservedTail Reserved1;

    public static bool TryRead(ReadOnlySpan<byte> bytes, out Superblock superblock)
    {
        superblock = MemoryMarshal.Read<Superblock>(bytes);
        return superblock.Magic == ExpectedMagic
            && superblock.Crc == Checksum.OfExceptField(bytes[..SizeBytes], ChecksumOffset);
    }

    /// <summary>Fills in the checksum and copies the structure to <paramref name="bytes"/>.</summary>
    public void Write(Span<byte> bytes)
    {
        Magic = ExpectedMagic;
        StructBytes = SizeBytes;
        Crc = 0;
        Crc = Checksum.OfExceptField(MemoryMarshal.AsBytes(new Span<Superblock>(ref this)), ChecksumOffset);
        MemoryMarshal.Write(bytes, in this);
    }

    [InlineArray(LabelBytes)]
    public struct LabelText
    {
        private byte _first;
    }

    [InlineArray(HintCount)]
    public struct ChunkHints
    {
        private long _first;
    }

    [InlineArray(SizeBytes - 416)]
    public struct ReservedTail
    {
        private byte _first;
    }
}
