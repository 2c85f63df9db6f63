using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>The head of one record of the log: one transaction. A record starts on a cache line, and it proves itself:
/// place, sequence, incarnation and checksum must all be what is expected there.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct LogRecordHeader
{
    public const int SizeBytes = 48;

    /// <summary>"ALOG".</summary>
    public const uint ExpectedMagic = 0x474F_4C41;

    public const int ChecksumOffset = 20;

    /// <summary>Records start at multiples of this, so that no two share a cache line.</summary>
    public const int Alignment = 64;

    [FieldOffset(0)] public uint Magic;

    /// <summary>With header and padding; a multiple of <see cref="Alignment"/>.</summary>
    [FieldOffset(4)] public uint LengthBytes;
    [FieldOffset(8)] public ulong Sequence;
    [FieldOffset(16)] public uint Incarnation;
    [FieldOffset(ChecksumOffset)] public uint Crc;

    /// <summary>The next inode number to be given out after this transaction.</summary>
    [FieldOffset(24)] public ulong NextInode;
    [FieldOffset(32)] public uint OperationCount;
    [FieldOffset(36)] public LogRecordFlags Flags;

    /// <summary>The record's place in bytes ever logged.</summary>
    [FieldOffset(40)] public ulong Position;

    /// <summary>Fills everything in but the checksum, word by word (see <see cref="LogOperation.Pack"/>).</summary>
    public void Pack(
        uint lengthBytes, ulong sequence, uint incarnation, ulong nextInode, uint operationCount, LogRecordFlags flags, ulong position)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(MemoryMarshal.AsBytes(new Span<LogRecordHeader>(ref this)));
        words[5] = position;
        words[0] = ExpectedMagic | ((ulong)lengthBytes << 32);
        words[1] = sequence;
        words[2] = incarnation;
        words[3] = nextInode;
        words[4] = operationCount | ((ulong)flags << 32);
    }
}
