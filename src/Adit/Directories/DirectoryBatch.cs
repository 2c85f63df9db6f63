using System.Buffers;
using Adit.Format;
using Adit.Format.Records;
using Adit.Nodes;

namespace Adit.Directories;

/// <summary>Some entries of a directory, copied out of the tree. Buffers are pooled.</summary>
internal sealed class DirectoryBatch : IDisposable
{
    private const int MaxCount = 128;
    private const int NamesBytes = 8192;

    private readonly Entry[] _items = ArrayPool<Entry>.Shared.Rent(MaxCount);
    private readonly byte[] _names = ArrayPool<byte>.Shared.Rent(NamesBytes);
    private int _namesBytes;

    public int Count { get; private set; }

    /// <summary>Another entry might not fit.</summary>
    public bool IsFull => Count == MaxCount || NamesBytes - _namesBytes < DirectoryEntryRecord.MaxNameBytes;

    public ref Entry this[int index] => ref _items[index];

    public ReadOnlySpan<byte> NameAt(int index) => _names.AsSpan(_items[index].NameStart, _items[index].NameBytes);

    public void Clear()
    {
        Count = 0;
        _namesBytes = 0;
    }

    public void Add(ulong offset, DirectoryEntryRecord entry)
    {
        ref Entry item = ref _items[Count++];
        item = new Entry
        {
            Offset = offset,
            Inode = entry.Inode,
            TypeBits = entry.TypeBits,
            NameStart = _namesBytes,
            NameBytes = entry.Name.Length,
        };
        entry.Name.CopyTo(_names.AsSpan(_namesBytes));
        _namesBytes += item.NameBytes;
    }

    public void Dispose()
    {
        ArrayPool<Entry>.Shared.Return(_items);
        ArrayPool<byte>.Shared.Return(_names);
    }

    /// <summary>One entry.</summary>
    internal struct Entry
    {
        public ulong Offset;
        public InodeNumber Inode;
        public uint TypeBits;
        public int NameStart;
        public int NameBytes;
        public NodeAttributes Attributes;
    }
}
