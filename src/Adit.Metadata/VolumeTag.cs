using System.Buffers.Binary;

namespace Adit.Metadata;

/// <summary>The first 8 bytes of a volume's id, which its nodes carry so that nodes of another volume are never taken for its own.</summary>
internal static class VolumeTag
{
    public static ulong Of(Guid volumeId)
    {
        Span<byte> bytes = stackalloc byte[16];
        volumeId.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
