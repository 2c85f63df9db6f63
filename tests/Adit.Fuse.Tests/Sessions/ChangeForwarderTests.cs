using Adit.Format;
using Adit.Fuse.Notifications;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

/// <summary>What may be cached, when the volume is changed beside the mount too.</summary>
public sealed class ChangeForwarderTests
{
    [Fact]
    public void Reply_that_a_change_overtook_may_not_be_cached()
    {
        MemoryNodes nodes = new();
        using TestSession session = new(nodes);
        (ulong node, _) = session.Create("f");
        byte[] arguments = Struct(default(GetAttrIn));
        Assert.NotEqual(0ul, session.Ask<AttrOut>(Opcode.GetAttr, node, arguments).ValidSeconds);

        nodes.AfterAttributes = () => session.Session.Changes.UsageChanged(new InodeNumber(node));

        Assert.Equal(0ul, session.Ask<AttrOut>(Opcode.GetAttr, node, arguments).ValidSeconds);
        nodes.AfterAttributes = null;
        Assert.NotEqual(0ul, session.Ask<AttrOut>(Opcode.GetAttr, node, arguments).ValidSeconds);
    }

    [Fact]
    public void Change_is_told_once_until_the_kernel_asks_again()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, ulong handle) = session.Create("f");
        Notifier notifier = session.Session.Notifier;
        notifier.Start();
        ChangeForwarder changes = session.Session.Changes;
        changes.UsageChanged(new InodeNumber(node));
        changes.UsageChanged(new InodeNumber(node));
        changes.DataChanged(new InodeNumber(node), 0, 1);
        changes.WaitUntilTold();
        Assert.Equal(1, notifier.SentCount);

        session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(default(GetAttrIn)));
        changes.UsageChanged(new InodeNumber(node));
        changes.WaitUntilTold();
        Assert.Equal(2, notifier.SentCount);

        session.Read(node, handle, 0, 10);
        changes.UsageChanged(new InodeNumber(node));
        changes.WaitUntilTold();
        Assert.Equal(2, notifier.SentCount);
        changes.DataChanged(new InodeNumber(node), 0, 1);
        changes.WaitUntilTold();
        Assert.Equal(3, notifier.SentCount);
        notifier.Stop();
    }

    [Fact]
    public async Task Wait_for_a_notice_that_the_kernel_does_not_take_ends()
    {
        using TestSession session = new(new MemoryNodes());

        // Never started: nothing is ever sent.
        session.Session.Notifier.Post(NotifyCode.InvalidateEntry, InodeNumber.Root, default, 0, 0, "x"u8);
        Task first = Task.Run(() => session.Session.Notifier.WaitUntilSent(TimeSpan.FromMilliseconds(300)));
        await first.WaitAsync(TimeSpan.FromSeconds(20));

        // The second does not wait for what the first has waited for in vain.
        long started = Environment.TickCount64;
        session.Session.Notifier.WaitUntilSent(TimeSpan.FromSeconds(30));
        Assert.True(Environment.TickCount64 - started < 20_000);
    }
}
