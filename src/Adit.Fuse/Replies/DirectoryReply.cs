using System.Runtime.InteropServices;
using Adit.Fuse.Notifications;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Nodes;

namespace Adit.Fuse.Replies;

/// <summary>Packs directory entries into a reply until one does not fit. One per channel, used again for each request.</summary>
internal sealed unsafe class DirectoryReply : IDirectorySink
{
    private LookupCounts? _lookups;
    private ReaderChannel? _channel;
    private byte* _start;
    private int _capacity;
    private bool _withAttributes;
    private ulong _lifetimeSeconds;
    private ChangeForwarder? _changes;
    private int _epoch;

    public int LengthBytes { get; private set; }

    /// <param name="lookups">Counts the entries given with attributes; null gives bare entries.</param>
    /// <param name="channel">Its reply buffer is packed, and it notes what was counted.</param>
    /// <param name="capacity">What the client has room for.</param>
    /// <param name="lifetimeSeconds">Of names and attributes.</param>
    /// <param name="changes">Entries that are read while something changes beside the mount are not to be cached.</param>
    public void Begin(LookupCounts? lookups, ReaderChannel channel, int capacity, ulong lifetimeSeconds, ChangeForwarder changes)
    {
        _changes = changes;
        _epoch = changes.Epoch;
        _lookups = lookups;
        _channel = channel;
        _start = channel.ReplyBody;
        _capacity = capacity;
        _withAttributes = lookups is not null;
        _lifetimeSeconds = lifetimeSeconds;
        LengthBytes = 0;
    }

    public bool Accept(in DirectoryItem item)
    {
        int headBytes = _withAttributes ? sizeof(DirEntPlus) : sizeof(DirEnt);
        int sizeBytes = (headBytes + item.Name.Length + 7) & ~7;
        if (sizeBytes > _capacity - LengthBytes)
        {
            return false;
        }

        Span<byte> place = new(_start + LengthBytes, sizeBytes);
        place.Clear();
        DirEnt entry = new()
        {
            Inode = item.Inode.Value,
            Offset = item.Cookie,
            NameLength = (uint)item.Name.Length,
            Type = (uint)item.Type >> 12,
        };
        if (_withAttributes)
        {
            ref DirEntPlus plus = ref MemoryMarshal.AsRef<DirEntPlus>(place);
            plus.DirEnt = entry;

            // Node 0 for these two: the kernel takes type and number only, and holds nothing.
            if (!item.Name.SequenceEqual("."u8) && !item.Name.SequenceEqual(".."u8))
            {
                _lookups!.Add(item.Inode, _channel!.Area);
                AttributeReply.FillEntry(ref plus.Entry, item.Attributes, _changes!.Epoch == _epoch ? _lifetimeSeconds : 0);
            }
        }
        else
        {
            MemoryMarshal.AsRef<DirEnt>(place) = entry;
        }

        item.Name.CopyTo(place[headBytes..]);
        LengthBytes += sizeBytes;
        return true;
    }
}
