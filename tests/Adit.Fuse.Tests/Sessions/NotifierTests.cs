using System.Runtime.InteropServices;
using System.Text;
using Adit.Format;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

public sealed class NotifierTests
{
    [Fact]
    public void Changes_are_told_in_order_with_their_bytes()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, _) = session.Create("f");
        Fuse.Notifications.Notifier notifier = session.Session.Notifier;
        notifier.Start();
        notifier.Post(NotifyCode.InvalidateInode, new InodeNumber(node), default, 4096, 100, default);
        notifier.Post(NotifyCode.InvalidateEntry, InodeNumber.Root, default, 0, 0, "name"u8);
        notifier.Post(NotifyCode.Delete, InodeNumber.Root, new InodeNumber(node), 0, 0, "f"u8);

        byte[][] sent = Wait(session, 3);
        notifier.Stop();

        Assert.Equal([NotifyCode.InvalidateInode, NotifyCode.InvalidateEntry, NotifyCode.Delete], sent.Select(Code));
        NotifyInvalidateInodeOut inode = MemoryMarshal.Read<NotifyInvalidateInodeOut>(sent[0].AsSpan(16));
        Assert.Equal((node, 4096L, 100L), (inode.Inode, inode.Offset, inode.Length));
        Assert.Equal("name\0", Encoding.UTF8.GetString(sent[1].AsSpan(16 + 16)));
        NotifyDeleteOut delete = MemoryMarshal.Read<NotifyDeleteOut>(sent[2].AsSpan(16));
        Assert.Equal((1ul, node, 1u), (delete.Parent, delete.Child, delete.NameLength));
        Assert.Equal("f\0", Encoding.UTF8.GetString(sent[2].AsSpan(16 + 24)));
    }

    [Fact]
    public void Change_of_an_inode_that_the_kernel_does_not_hold_is_not_told()
    {
        using TestSession session = new(new MemoryNodes());
        session.Session.Notifier.Post(NotifyCode.InvalidateInode, new InodeNumber(99), default, 0, 0, default);

        Assert.True(session.Session.Notifier.IsIdle);
        session.Session.Notifier.Post(NotifyCode.InvalidateInode, InodeNumber.Root, default, 0, 0, default);
        Assert.False(session.Session.Notifier.IsIdle);
    }

    [Fact]
    public void Too_many_changes_invalidate_everything_held()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, _) = session.Create("f");
        (ulong other, _) = session.Create("g");
        Fuse.Notifications.Notifier notifier = session.Session.Notifier;
        for (int index = 0; index < 5000; index++)
        {
            notifier.Post(NotifyCode.InvalidateEntry, InodeNumber.Root, default, 0, 0, "x"u8);
        }

        notifier.Start();
        byte[][] sent = Wait(session, 3);
        notifier.Stop();

        Assert.Equal(NotifyCode.IncrementEpoch, Code(sent[0]));
        Assert.Equal([node, other], sent[1..].Select(message => MemoryMarshal.Read<NotifyInvalidateInodeOut>(message.AsSpan(16)).Inode).Order());
    }

    [Fact]
    public void Notification_that_the_kernel_has_no_use_for_is_no_error()
    {
        using TestSession session = new(new MemoryNodes());
        session.Transport.SendOutcomes.Enqueue(Errno.ENOENT);
        session.Transport.SendOutcomes.Enqueue(Errno.EINVAL);
        Fuse.Notifications.Notifier notifier = session.Session.Notifier;
        notifier.Start();
        for (int index = 0; index < 3; index++)
        {
            notifier.Post(NotifyCode.InvalidateEntry, InodeNumber.Root, default, 0, 0, "x"u8);
        }

        Wait(session, 1);
        notifier.Stop();

        Assert.Single(session.Messages);
    }

    private static NotifyCode Code(byte[] message)
    {
        OutHeader header = MemoryMarshal.Read<OutHeader>(message);
        Assert.Equal(0ul, header.Unique);
        return (NotifyCode)header.Error;
    }

    private static byte[][] Wait(TestSession session, int count)
    {
        Assert.True(SpinWait.SpinUntil(() => session.Transport.Replies.Count >= count, TimeSpan.FromSeconds(10)), "the notifier sent nothing");
        return session.Transport.Replies.ToArray();
    }
}
