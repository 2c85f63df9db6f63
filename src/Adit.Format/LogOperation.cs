using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>The head of one operation inside a record; what follows depends on <see cref="Kind"/>: for a put or patch the key and
/// the bytes padded to 8, for a delete the key, for take and free the first block, for grow both.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct LogOperation
{
    public const int SizeBytes = 8;

    [FieldOffset(0)] public LogOperationKind Kind;
    [FieldOffset(1)] public byte Reserved;

    /// <summary>Of put and patch: without padding.</summary>
    [FieldOffset(2)] public ushort ValueBytes;

    /// <summary>Of take, free and grow; of a patch, where in the value it lies.</summary>
    [FieldOffset(4)] public uint BlockCount;

    /// <summary>The head as one word, little-endian. What is stored as words can be read as words at once, while stores are still
    /// on their way to the cache: a record is made while its data drains to the medium.</summary>
    public static ulong Pack(LogOperationKind kind, ushort valueBytes, uint blockCount) =>
        (byte)kind | ((ulong)valueBytes << 16) | ((ulong)blockCount << 32);
}

/// <summary>What an operation of a record does. On the medium.</summary>
public enum LogOperationKind : byte
{
    Put = 1,
    Delete = 2,
    Take = 3,
    Free = 4,

    /// <summary>Replaces some bytes of a value.</summary>
    Patch = 5,

    /// <summary>Takes the blocks behind an extent and makes it longer by them.</summary>
    Grow = 6,
}
