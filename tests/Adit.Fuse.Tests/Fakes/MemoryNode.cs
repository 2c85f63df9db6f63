using System.Runtime.InteropServices;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Fakes;

/// <summary>One inode of <see cref="MemoryNodes"/>. Its bytes are outside the managed heap, as a medium's are.</summary>
internal sealed unsafe class MemoryNode
{
    public NodeAttributes Attributes;
    public byte* Data;
    public long CapacityBytes;
    public long Retained;
    public int OpenCount;
    public byte[] Target = [];
    public MemoryNode? Parent;

    public SortedDictionary<string, byte[]> ExtendedAttributes { get; } = new(StringComparer.Ordinal);

    /// <summary>In the order of their cookies.</summary>
    public List<(ulong Cookie, byte[] Name, MemoryNode Node)> Entries { get; } = [];

    public bool IsDirectory => Attributes.Type == FileType.Directory;

    public void Reserve(long lengthBytes)
    {
        if (lengthBytes > CapacityBytes)
        {
            long capacity = Math.Max(4096, Math.Max(lengthBytes, CapacityBytes * 2));
            byte* grown = (byte*)NativeMemory.AllocZeroed((nuint)capacity);
            new Span<byte>(Data, (int)Attributes.SizeBytes).CopyTo(new Span<byte>(grown, (int)Attributes.SizeBytes));
            NativeMemory.Free(Data);
            Data = grown;
            CapacityBytes = capacity;
        }
    }

    public void SetLength(long lengthBytes)
    {
        Reserve(lengthBytes);
        if (lengthBytes < Attributes.SizeBytes)
        {
            new Span<byte>(Data + lengthBytes, (int)(Attributes.SizeBytes - lengthBytes)).Clear();
        }

        Attributes.SizeBytes = lengthBytes;
        Attributes.BlockCount = (lengthBytes + 4095) / 4096;
    }

    public void Free()
    {
        NativeMemory.Free(Data);
        Data = null;
        CapacityBytes = 0;
    }
}
