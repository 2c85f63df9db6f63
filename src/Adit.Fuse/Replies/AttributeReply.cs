using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Nodes;

namespace Adit.Fuse.Replies;

/// <summary>Attributes and entries as the kernel wants them.</summary>
internal static class AttributeReply
{
    /// <summary>The best size of a transfer, for st_blksize: cp and stdio go by it, and each transfer costs two process
    /// switches.</summary>
    public const uint PreferredBytes = 128 << 10;

    /// <summary>Sectors of 512 bytes in a block of the volume.</summary>
    public const int SectorsPerBlock = 8;

    public static void Fill(ref Attr attr, in NodeAttributes attributes)
    {
        attr.Inode = attributes.Inode.Value;
        attr.Size = (ulong)attributes.SizeBytes;
        attr.Blocks = (ulong)attributes.BlockCount * SectorsPerBlock;
        attr.AccessSeconds = (ulong)attributes.AccessTime.Seconds;
        attr.AccessNanoseconds = attributes.AccessTime.Nanoseconds;
        attr.ModifySeconds = (ulong)attributes.ModifyTime.Seconds;
        attr.ModifyNanoseconds = attributes.ModifyTime.Nanoseconds;
        attr.ChangeSeconds = (ulong)attributes.ChangeTime.Seconds;
        attr.ChangeNanoseconds = attributes.ChangeTime.Nanoseconds;
        attr.Mode = attributes.Mode;
        attr.LinkCount = attributes.LinkCount;
        attr.UserId = attributes.UserId;
        attr.GroupId = attributes.GroupId;
        attr.Device = attributes.Device;
        attr.BlockSize = PreferredBytes;
        attr.Flags = 0;
    }

    public static void AppendAttributes(ref Call call, in NodeAttributes attributes)
    {
        call.Session.Lookups.Mark(attributes.Inode, KernelCache.Attributes);
        ref AttrOut reply = ref call.Reply.Append<AttrOut>();
        reply.ValidSeconds = call.LifetimeSeconds;
        Fill(ref reply.Attr, attributes);
    }

    /// <summary>Replies an entry. The node operation that found it retained its inode once; from here on the kernel
    /// holds it.</summary>
    public static unsafe void AppendEntry(ref Call call, in NodeAttributes attributes)
    {
        call.Session.Lookups.Add(attributes.Inode, call.Channel.Area);
        FillEntry(ref call.Reply.Append<EntryOut>(), attributes, call.LifetimeSeconds);
    }

    public static void FillEntry(ref EntryOut entry, in NodeAttributes attributes, ulong lifetimeSeconds)
    {
        entry.NodeId = attributes.Inode.Value;
        entry.Generation = attributes.Generation;
        entry.EntryValidSeconds = lifetimeSeconds;
        entry.AttrValidSeconds = lifetimeSeconds;
        entry.EntryValidNanoseconds = 0;
        entry.AttrValidNanoseconds = 0;
        Fill(ref entry.Attr, attributes);
    }
}
