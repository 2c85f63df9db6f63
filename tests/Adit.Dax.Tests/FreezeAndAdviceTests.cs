using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;

namespace Adit.Dax.Tests;

public sealed class FreezeAndAdviceTests
{
    private const int Page = PageIndex.PageBytes;

    [Fact]
    public void Frozen_file_is_durable_and_gives_no_write_access_until_thawed()
    {
        using CrashRig rig = new(commitsAreDurable: false);
        rig.Store(0, 1);
        Assert.Equal(Errno.Success, rig.Space.Freeze());
        Assert.Equal(1, rig.Survivor(0)[0]);
        Assert.Equal(Errno.EBUSY, rig.Space.Freeze());
        Assert.Equal(1, rig.Load(0));
        Racer<bool>[] writers = [Racer.Start(() => rig.Store(0, 2)), Racer.Start(() => rig.Store(50 * Page, 3))];
        foreach (Racer<bool> writer in writers)
        {
            writer.WaitUntilItRests();
            Assert.False(writer.IsDone);
        }

        Assert.Equal(1, rig.Survivor(0)[0]);
        rig.Space.Thaw();
        Assert.All(writers, writer => Assert.True(writer.Join()));
        Assert.Equal(Errno.Success, rig.Space.Freeze());
        rig.Space.Thaw();
    }

    [Fact]
    public void Freeze_waits_for_stores_under_way_and_gives_up_on_those_that_never_end()
    {
        using MappedFile file = new(new AddressSpaceOptions { LeaseTime = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(Errno.Success, file.Space.PinLong(0, 8, PinAccess.Write, new LeaseOptions { Purpose = "test" }, out LongPin? pin));
        Assert.Equal(Errno.EBUSY, file.Space.Freeze());
        Assert.False(file.Space.IsFrozen);
        file.Store(Page, 1);
        Racer<Errno> freeze = Racer.Start(() => file.Space.Freeze());
        pin!.Dispose();
        Assert.Equal(Errno.Success, freeze.Join());
        file.Space.Thaw();
    }

    [Fact]
    public void Writable_view_refuses_a_freeze()
    {
        using MappedFile file = new();
        FakeView view = new(new PageRange(default, 4), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, file.Space.AttachView(view, new LeaseOptions { Purpose = "test" }));
        Assert.Equal(Errno.EBUSY, file.Space.Freeze());
        file.Space.DetachView(view);
        Assert.Equal(Errno.Success, file.Space.Freeze());
        file.Space.Thaw();
    }

    [Fact]
    public void Synchronous_access_is_refused_where_the_medium_cannot()
    {
        using MappedFile file = new();
        Assert.False(file.Space.CanSync);
        Assert.Equal(Errno.ENOTSUP, file.Space.Pin(0, 8, PinAccess.Write | PinAccess.Sync, out _));
        Assert.Equal(Errno.ENOTSUP, file.Space.Advise(PageRange.All, MappingAdvice.Sync));
        Assert.Equal(Errno.EINVAL, file.Space.Pin(0, 8, PinAccess.Sync, out _));
    }

    [Fact]
    public void Advice_to_be_synchronous_holds_from_the_next_store_on()
    {
        using CrashRig rig = new(commitsAreDurable: false);
        rig.Store(0, 1);
        Assert.Equal(0, rig.File.DurableCount);
        Assert.Equal(Errno.Success, rig.Space.Advise(new PageRange(default, 1), MappingAdvice.Sync));
        rig.Store(0, 2);
        Assert.Equal(1, rig.File.DurableCount);
        rig.Store(0, 3);
        Assert.Equal(1, rig.File.DurableCount);
        rig.Medium.MarkStored(rig.File.MediumPageOf(0) * Page, 8);
        rig.Medium.Fence();
        Assert.Equal(3, rig.Survivor(0)[0]);
        Assert.Equal(Errno.Success, rig.Space.Advise(new PageRange(default, 1), MappingAdvice.None));
        rig.Store(Page, 4);
        Assert.Equal(1, rig.File.DurableCount);
    }

    [Fact]
    public void Advice_to_be_direct_refuses_copies()
    {
        using MappedFile file = new();
        file.Store(0, 1);
        FakeFile clone = file.Volume.CreateFile(file.File.SizeBytes);
        Assert.Equal(Errno.Success, file.File.CloneTo(clone));
        Assert.Equal(Errno.Success, file.Space.Advise(PageRange.All, MappingAdvice.Direct));
        Assert.Equal(Errno.ENOTSUP, file.Space.Pin(0, 1, PinAccess.Write, out _));
        Assert.Equal(Errno.Success, file.Space.Advise(PageRange.All, MappingAdvice.None));
        file.Store(0, 2);
    }
}
