using System.Runtime.InteropServices;

namespace Adit.Format;

/// <summary>The head of one operation inside a record; what follows depends on <see cref="Kind"/>: for a put the key and the
/// value padded to 8 bytes, for a delete the key, for take and free the first block.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct LogOperation
{
    public const int SizeBytes = 8;

    [FieldOffset(0)] public LogOperationKind Kind;
    [FieldOffset(1)] public byte Reserved;

    /// <summary>Of a put: without padding.</summary>
    [FieldOffset(2)] public ushort ValueBytes;

    /// <summary>Of take and free.</summary>
    [FieldOffset(4)] public uint BlockCount;
}

/// <summary>What an operation of a record does. On the medium.</summary>
public enum LogOperationKind : byte
{
    Put = 1,
    Delete = 2,
    Take = 3,
    Free = 4,
}
