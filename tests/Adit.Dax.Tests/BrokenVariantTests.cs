using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.TestKit.Simulation;

namespace Adit.Dax.Tests;

/// <summary>For each deliberate defect of the core, what it breaks. Each scenario passes over the sound core and must fail over the
/// broken one: so the scenario is known to look.</summary>
public sealed class BrokenVariantTests
{
    private const int Page = PageIndex.PageBytes;

    private static readonly Dictionary<DaxBrokenVariant, Action<DaxBrokenVariant>> Scenarios = new()
    {
        [DaxBrokenVariant.DirtyClearedBeforeFlush] = SecondSyncWaitsForTheFirst,
        [DaxBrokenVariant.WriteAccessKept] = StoreAfterSyncIsSynced,
        [DaxBrokenVariant.DirtyMarkSkipped] = StoreIsSynced,
        [DaxBrokenVariant.FenceSkipped] = StoreIsSynced,
        [DaxBrokenVariant.ToWriteLost] = AllStoresAreSynced,
        [DaxBrokenVariant.WritePinCleaned] = StoreThroughPinThatOutlivesSyncIsSynced,
        [DaxBrokenVariant.HugeCleanedByPart] = SyncOfPartLeavesTheRestDurableOrDirty,
        [DaxBrokenVariant.ErrorForgotten] = FailureIsToldToEachHandleOnce,
        [DaxBrokenVariant.LayoutBreakSkipped] = PunchWaitsForPin,
        [DaxBrokenVariant.EntriesKept] = CollapsedFileShowsWhatMoved,
        [DaxBrokenVariant.DirtyDropped] = StoreBeforeCollapseIsSyncedAfterIt,
        [DaxBrokenVariant.EvictionWithoutWait] = EvictionRefusesWhilePinned,
        [DaxBrokenVariant.PinNotCounted] = PunchWithoutWaitingFailsWhilePinned,
        [DaxBrokenVariant.StaleZeroKept] = WrittenHoleIsSeenThroughItsMapping,
        [DaxBrokenVariant.CopySourceKept] = StoreToSharedPageSparesTheOther,
        [DaxBrokenVariant.EntryLeftLocked] = FaultWorksAfterOneThatFailed,
        [DaxBrokenVariant.WakeUpLost] = AllWhoFaultOnePageGetIt,
        [DaxBrokenVariant.BothSizesLive] = ChunkIsMappedInOneSize,
        [DaxBrokenVariant.SyncWithoutMetadata] = SyncPinIsReachableWithoutSync,
        [DaxBrokenVariant.FreezeIgnored] = WriteAccessWaitsForThaw,
        [DaxBrokenVariant.ViewStoresLost] = StoreThroughViewIsSynced,
        [DaxBrokenVariant.ZeroingSkipped] = NewPageHasNothingOld,
        [DaxBrokenVariant.PublishBeforeZero] = NewPageHasNothingOldAtAnyMoment,
    };

    public static TheoryData<DaxBrokenVariant> Variants => [.. Enum.GetValues<DaxBrokenVariant>().Where(variant => variant != DaxBrokenVariant.None)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Broken_variant_fails_its_scenario_and_the_sound_core_passes(DaxBrokenVariant variant)
    {
        Scenarios[variant](DaxBrokenVariant.None);
        Exception? failure = Record.Exception(() => Scenarios[variant](variant));
        Assert.NotNull(failure);
    }

    private static void StoreIsSynced(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(5 * Page, 0xA1);
        Assert.Equal(0, rig.Survivor(5)[0]);
        rig.WriteBack();
        Assert.Equal(0xA1, rig.Survivor(5)[0]);
    }

    private static void StoreAfterSyncIsSynced(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(5 * Page, 0xA1);
        rig.WriteBack();
        rig.Store(5 * Page, 0xA2);
        Assert.Equal(0xA1, rig.Survivor(5)[0]);
        rig.WriteBack();
        Assert.Equal(0xA2, rig.Survivor(5)[0]);
    }

    private static void AllStoresAreSynced(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        long[] pages = [0, 3, 70, 200, 1500];
        foreach (long page in pages)
        {
            rig.Store(page * Page, (byte)(page + 1));
        }

        rig.WriteBack();
        Assert.All(pages, page => Assert.Equal((byte)(page + 1), rig.Survivor(page)[0]));
    }

    private static void StoreThroughPinThatOutlivesSyncIsSynced(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        Assert.Equal(Errno.Success, rig.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        rig.WriteBack();
        pin.WritableSpan.Fill(0xB1);
        pin.Dispose();
        rig.WriteBack();
        Assert.Equal(0xB1, rig.Survivor(0)[0]);
    }

    private static void SyncOfPartLeavesTheRestDurableOrDirty(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        Assert.Equal(Errno.Success, rig.Space.Populate(0, 2 << 20, PinAccess.Write));
        rig.WriteBack();
        rig.Store(0, 0xC1);
        rig.Store(511 * Page, 0xC2);
        Assert.Equal(1, rig.Space.ReadStatistics().Entries);
        Assert.Equal(Errno.Success, rig.Space.Writeback(new PageRange(new PageIndex(511), 1)));
        rig.WriteBack();
        Assert.Equal(0xC1, rig.Survivor(0)[0]);
        Assert.Equal(0xC2, rig.Survivor(511)[0]);
    }

    private static void SecondSyncWaitsForTheFirst(DaxBrokenVariant broken)
    {
        PointGate gate = new(DaxPoint.WritebackBeforeFence);
        using CrashRig rig = new(broken, onPoint: gate.OnPoint);
        rig.Store(0, 0xD1);
        Racer<Errno> first = Racer.Start(() => rig.Space.Writeback(PageRange.All));
        gate.WaitUntilReached();
        Racer<Errno> second = Racer.Start(() => rig.Space.Writeback(PageRange.All));
        second.WaitUntilItRests();
        try
        {
            Assert.True(!second.IsDone || rig.Survivor(0)[0] == 0xD1, "the second sync has returned and the store is not durable");
        }
        finally
        {
            gate.Open();
            first.Join();
            second.Join();
        }

        Assert.Equal(0xD1, rig.Survivor(0)[0]);
    }

    private static void FailureIsToldToEachHandleOnce(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        ErrorCursor one = rig.Space.OpenCursor();
        ErrorCursor other = rig.Space.OpenCursor();
        rig.File.DurableOutcome = Errno.EIO;
        Assert.Equal(Errno.EIO, rig.Space.Sync(PageRange.All, ref one));
        rig.File.DurableOutcome = Errno.Success;
        Assert.Equal(Errno.Success, rig.Space.Sync(PageRange.All, ref one));
        Assert.Equal(Errno.EIO, rig.Space.Sync(PageRange.All, ref other));
        Assert.Equal(Errno.Success, rig.Space.Sync(PageRange.All, ref other));
        ErrorCursor late = rig.Space.OpenCursor();
        Assert.Equal(Errno.Success, rig.Space.Sync(PageRange.All, ref late));
    }

    private static void PunchWaitsForPin(DaxBrokenVariant broken)
    {
        PointGate gate = new(DaxPoint.BreakBusy);
        using CrashRig rig = new(broken, onPoint: gate.OnPoint);
        rig.Store(7 * Page, 0x11);
        Assert.Equal(Errno.Success, rig.Space.PinLong(7 * Page, 1, PinAccess.Read, new LeaseOptions { Purpose = "test" }, out LongPin? lease));
        lease!.Lease.Dispose();
        long block = rig.File.MediumPageOf(7);
        Racer<Errno> punch = Racer.Start(() => rig.File.Punch(new PageRange(new PageIndex(7), 1)));
        Assert.True(SpinWait.SpinUntil(() => gate.Hits > 0 || punch.IsDone, 10_000));
        Assert.False(punch.IsDone);
        Assert.Equal(1, rig.Volume.OwnersOf(block));
        lease.Dispose();
        gate.Open();
        Assert.Equal(Errno.Success, punch.Join());
        Assert.Equal(0, rig.Volume.OwnersOf(block));
    }

    private static void CollapsedFileShowsWhatMoved(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(5 * Page, 0x11);
        rig.Store(9 * Page, 0x12);
        Assert.Equal(Errno.Success, rig.File.Collapse(new PageRange(new PageIndex(2), 4)));
        Assert.Equal(0x12, rig.Load(5 * Page));
    }

    private static void StoreBeforeCollapseIsSyncedAfterIt(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(9 * Page, 0x21);
        Assert.Equal(Errno.Success, rig.File.Collapse(new PageRange(new PageIndex(2), 4)));
        rig.WriteBack();
        Assert.Equal(0x21, rig.Survivor(5)[0]);
        Assert.Equal(0x21, rig.Load(5 * Page));
    }

    private static void EvictionRefusesWhilePinned(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        Assert.Equal(Errno.Success, rig.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
        Assert.Equal(Errno.EBUSY, rig.Space.TryEvict(discards: true));
        pin.Dispose();
        Assert.Equal(Errno.Success, rig.Space.TryEvict(discards: true));
        Assert.True(rig.Space.IsEmpty);
    }

    private static void PunchWithoutWaitingFailsWhilePinned(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(0, 1);
        Assert.Equal(Errno.Success, rig.Space.Pin(0, 8, PinAccess.Read, out Pin pin));
        BreakOptions noWait = new() { NoWait = true };
        Assert.Equal(Errno.EBUSY, rig.File.Punch(new PageRange(default, 1), noWait));
        pin.Dispose();
        Assert.Equal(Errno.Success, rig.File.Punch(new PageRange(default, 1), noWait));
    }

    private static void WrittenHoleIsSeenThroughItsMapping(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        Assert.Equal(0, rig.Load(100 * Page));
        Assert.Equal(0, rig.File.MakeWritableCount);
        Assert.Equal(Errno.Success, rig.File.Write((100 * Page) + 5, [1, 2, 3]));
        Assert.Equal(2, rig.Load((100 * Page) + 6));
    }

    private static void StoreToSharedPageSparesTheOther(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(0, 0x31);
        FakeFile clone = rig.Volume.CreateFile(rig.File.SizeBytes);
        Assert.Equal(Errno.Success, rig.File.CloneTo(clone));
        Assert.Equal(0x31, rig.Load(0));
        rig.Store(0, 0x32);
        Assert.Equal(0x31, clone.Read(0, 1)[0]);
        Assert.Equal(0x32, rig.File.Read(0, 1)[0]);
        Assert.Equal(0x32, rig.Load(0));
    }

    private static void FaultWorksAfterOneThatFailed(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.File.FindOutcome = Errno.EIO;
        Assert.Equal(Errno.EIO, rig.Space.Pin(0, 8, PinAccess.Read, out _));
        rig.File.FindOutcome = Errno.Success;
        Racer<byte> second = Racer.Start(() => rig.Load(0));
        second.WaitUntilItRests();
        Assert.True(second.IsDone, "the entry was left locked");
        Assert.Equal(0, second.Join());
    }

    private static void AllWhoFaultOnePageGetIt(DaxBrokenVariant broken)
    {
        PointGate gate = new(DaxPoint.FaultAnswered);
        using CrashRig rig = new(broken, sizeBytes: 1 << 20, onPoint: gate.OnPoint);
        Assert.Equal(Errno.Success, rig.File.Write(0, [1]));
        List<Racer<byte>> racers = [Racer.Start(() => rig.Load(0))];
        gate.WaitUntilReached();
        racers.AddRange(Enumerable.Range(0, 5).Select(_ => Racer.Start(() => rig.Load(0))));
        racers.ForEach(racer => racer.WaitUntilItRests());
        Assert.True(SpinWait.SpinUntil(() => rig.Space.ReadStatistics().EntryWaits == 5, 10_000));
        racers.ForEach(racer => racer.WaitUntilItRests());
        gate.Open();
        Assert.True(SpinWait.SpinUntil(() => racers.TrueForAll(racer => racer.IsDone), 2_000), "a wake-up is lost");
        Assert.All(racers, racer => Assert.Equal(1, racer.Join()));
        Assert.Equal(1, rig.Space.ReadStatistics().Entries);
    }

    private static void ChunkIsMappedInOneSize(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        Assert.Equal(Errno.Success, rig.Space.Populate(0, 2 << 20, PinAccess.Write));
        rig.WriteBack();
        Assert.Equal(1, rig.Space.ReadStatistics().Entries);
        rig.Store(Page, 1);
        Assert.Equal(1, rig.Space.ReadStatistics().Entries);
    }

    private static void SyncPinIsReachableWithoutSync(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken, commitsAreDurable: false);
        Assert.Equal(Errno.Success, rig.Space.Pin(3 * Page, 8, PinAccess.Write | PinAccess.Sync, out Pin pin));
        pin.WritableSpan.Fill(0x41);
        rig.Medium.MarkStored(rig.File.MediumPageOf(3) * Page, 8);
        rig.Medium.Fence();
        Assert.Equal(0x41, rig.Survivor(3)[0]);
        pin.Dispose();
    }

    private static void WriteAccessWaitsForThaw(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(0, 0x51);
        Assert.Equal(Errno.Success, rig.Space.Freeze());
        Assert.Equal(0x51, rig.Survivor(0)[0]);
        Assert.Equal(0x51, rig.Load(0));
        Racer<bool> writer = Racer.Start(() => rig.Store(0, 0x52));
        writer.WaitUntilItRests();
        Assert.False(writer.IsDone);
        rig.Space.Thaw();
        writer.Join();
        Assert.Equal(0x52, rig.Load(0));
    }

    private static unsafe void StoreThroughViewIsSynced(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        FakeView view = new(new PageRange(new PageIndex(4), 8), isStorable: true, ViewPolicy.Detach);
        Assert.Equal(Errno.Success, rig.Space.AttachView(view, new LeaseOptions { Purpose = "test" }));
        Assert.All(view.Shown.Values, page => Assert.False(page.IsNone));
        rig.Medium.Start[view.Shown[6].OffsetBytes] = 0x61;
        view.Stored.Add(6);
        rig.WriteBack();
        Assert.Equal(0x61, rig.Survivor(6)[0]);
        Assert.Equal(PageIndex.PageBytes, rig.Space.ReadStatistics().FlushedBytes);
        rig.Space.DetachView(view);
    }

    private static void NewPageHasNothingOld(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        rig.Store(8 * Page, 0x71);
        byte[] bytes = rig.File.Read(8 * Page, Page);
        Assert.Equal(0x71, bytes[7]);
        Assert.Equal(-1, bytes.AsSpan(8).IndexOfAnyExcept((byte)0));
    }

    private static void NewPageHasNothingOldAtAnyMoment(DaxBrokenVariant broken)
    {
        using CrashRig rig = new(broken);
        int looks = 0;
        bool isLooking = false;
        rig.Medium.OnEvent = (_, _) =>
        {
            if (!isLooking && rig.File.MediumPageOf(8) >= 0)
            {
                isLooking = true;
                looks++;
                Assert.DoesNotContain(CrashRig.OldByte, rig.Survivor(8));
                isLooking = false;
            }
        };
        rig.Store(8 * Page, 0x71);
        rig.WriteBack();
        Assert.True(looks > 0, "inconclusive: no event after the page was published");
    }
}
