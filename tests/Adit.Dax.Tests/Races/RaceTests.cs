using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Xunit.Abstractions;

namespace Adit.Dax.Tests.Races;

/// <summary>The races of the known DAX defects, each held at named points and run many times over small, huge and mixed pages. The name of a race begins
/// with the defect that it would show; <c>docs/DAX-RECIPES.md</c> says which that is.</summary>
public sealed class RaceTests(ITestOutputHelper output)
{
    private const int Page = RaceStage.Page;
    private const int Huge = RaceStage.Huge;
    private const int ShortRounds = 12;
    private const int LongRounds = 1000;

    private static readonly Dictionary<string, Func<Race>> Races = new()
    {
        ["H1 two faults"] = static () => new Race { HasBlocks = false, After = AssertBothStored }
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target, 1))
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target + 8, 2)),

        ["H1 fault and truncate"] = static () => new Race { After = static stage => AssertIn(stage.File.SizeBytes, RaceStage.Chunk) }
            .With(DaxPoint.FaultLocked, static stage => AssertIn(stage.TryStore(stage.Target, 1), Errno.Success, Errno.ENXIO))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Truncate(RaceStage.Chunk))),

        ["H3 read fault of a hole and write"] = static () => new Race { HasBlocks = false, After = static stage => Assert.Equal(7, stage.Load(stage.Target)) }
            .With(DaxPoint.FaultAnswered, static stage => AssertIn(stage.Load(stage.Target), (byte)0, (byte)7))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Write(stage.Target, [7]))),

        ["H4 huge zeros and write of one page"] = static () => new Race
        {
            HasBlocks = false,
            Before = static stage => stage.Load(RaceStage.Chunk),
            After = static stage => Assert.Equal(7, stage.Load(stage.Target)),
        }
            .With(null, static stage => AssertIn(stage.Load(stage.Target), (byte)0, (byte)7))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Write(stage.Target, [7]))),

        ["H6 many who insert one entry"] = static () => new Race
        {
            HasBlocks = false,
            After = static stage => Assert.Equal([1, 2, 3, 4], stage.File.Read(stage.Target, 4)),
        }
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target, 1))
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target + 1, 2))
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target + 2, 3))
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target + 3, 4)),

        ["H7 store to a page and read fault of the chunk"] = static () => new Race { HasBlocks = false, After = AssertOneSize }
            .With(DaxPoint.FaultBeforeLock, static stage => stage.Store(stage.Target, 1))
            .With(DaxPoint.FaultBeforeLock, static stage => Assert.Equal(0, stage.Load(RaceStage.Chunk + Huge - Page))),

        ["H8 store and write to one page"] = static () => new Race { After = AssertBothStored }
            .With(DaxPoint.FaultAnswered, static stage => stage.Store(stage.Target, 1))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Write(stage.Target + 8, [2]))),

        ["H9 read fault of a hole, truncate and sync"] = static () => new Race { HasBlocks = false, After = static _ => { } }
            .With(DaxPoint.FaultAnswered, static stage => AssertIn(stage.TryLoad(stage.Target, out _), Errno.Success, Errno.ENXIO))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Truncate(RaceStage.Chunk)))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.Space.Writeback(PageRange.All))),

        ["H17 waiters at many pages of a chunk"] = static () => new Race { After = AssertBothStored }
            .With(DaxPoint.FaultLocked, static stage => stage.Store(stage.Target, 1))
            .With(null, static stage => stage.Store(stage.Target + 8, 2))
            .With(null, static stage => stage.Load(RaceStage.Chunk + (40 * Page)))
            .With(null, static stage => stage.Load(RaceStage.Chunk + Page)),

        ["H18 a waiter that only looks"] = static () => new Race { Before = static stage => stage.Store(stage.Target, 9), After = AssertBothStored }
            .With(DaxPoint.WritebackBeforeFence, static stage => Assert.Equal(Errno.Success, stage.Space.Writeback(PageRange.All)))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.Space.Writeback(PageRange.All)))
            .With(null, static stage => stage.Store(stage.Target, 1))
            .With(null, static stage => stage.Store(stage.Target + 8, 2)),

        ["H20 pinned page, punch and constant faults"] = static () => new Race { Before = static stage => stage.Store(stage.Target, 9), After = AssertPunched }
            .With(DaxPoint.BreakBeforeZap, static stage => Assert.Equal(Errno.Success, stage.File.Punch(stage.TargetPages)))
            .With(null, static stage => PinAndLook(stage, times: 20))
            .With(null, static stage => PinAndLook(stage, times: 20)),

        ["H21 punch finds the entry locked and a pin behind it"] = static () => new Race { Before = WriteTarget, After = AssertPunched }
            .With(DaxPoint.FaultLocked, static stage => PinAndLook(stage, times: 1))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Punch(stage.TargetPages))),

        ["H33 truncate while pinned"] = static () => new Race { Before = static stage => stage.Store(stage.Target, 9), After = AssertCut }
            .With(null, static stage => PinAndLook(stage, times: 3))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Truncate(0)))
            .With(null, static stage => AssertIn(stage.TryLoad(RaceStage.Chunk + (9 * Page), out _), Errno.Success, Errno.ENXIO)),

        ["H37 eviction and faults"] = static () => new Race { After = static _ => { } }
            .With(null, static stage => AssertIn(stage.Space.TryEvict(discards: false), Errno.Success, Errno.EBUSY))
            .With(null, static stage => AssertIn(stage.TryLoad(stage.Target, out _), Errno.Success, Errno.EBADF))
            .With(null, static stage => AssertIn(stage.TryLoad(RaceStage.Chunk + (40 * Page), out _), Errno.Success, Errno.EBADF)),

        ["H43 collapse under stores"] = static () => new Race { After = static stage => Assert.Equal((2 * Huge) - (4 * Page), stage.File.SizeBytes) }
            .With(DaxPoint.FaultAnswered, static stage => AssertIn(stage.TryStore(stage.Target + (100 * Page), 1), Errno.Success, Errno.ENXIO))
            .With(null, static stage => Assert.Equal(Errno.Success, stage.File.Collapse(new PageRange(stage.TargetPages.First, 4)))),

        ["H54 clone while the source is stored to"] = static () => new Race { Before = static stage => stage.Store(stage.Target, 9), After = static _ => { } }
            .With(null, CloneAndWatch)
            .With(null, StoreOften),

        ["O12 copy of a shared page under readers"] = static () => new Race { Before = ShareTarget, After = static stage => Assert.Equal(7, stage.Load(stage.Target)) }
            .With(null, WatchTheCopy)
            .With(null, WatchTheCopy)
            .With(null, static stage => stage.Store(stage.Target, 7)),

        ["O19 sync beside a pin that stores"] = static () => new Race { Before = static stage => stage.Store(stage.Target, 9), After = AssertStoreIsFlushed }
            .With(DaxPoint.WritebackTagged, static stage => Assert.Equal(Errno.Success, stage.Space.Writeback(PageRange.All)))
            .With(null, static stage => stage.Store(stage.Target + 8, 2)),
    };

    public static TheoryData<string, PageShape> All
    {
        get
        {
            TheoryData<string, PageShape> all = [];
            foreach (string name in Races.Keys)
            {
                foreach (PageShape shape in Enum.GetValues<PageShape>())
                {
                    all.Add(name, shape);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Race_leaves_the_file_as_one_of_its_orders_would(string name, PageShape shape) => Run(name, shape, ShortRounds);

    [Theory]
    [Trait("Tier", "long")]
    [MemberData(nameof(All))]
    public void Race_leaves_the_file_as_one_of_its_orders_would_a_thousand_times(string name, PageShape shape) => Run(name, shape, LongRounds);

    [Theory]
    [InlineData(DaxBrokenVariant.LayoutBreakSkipped, "H20 pinned page, punch and constant faults", PageShape.Pages)]
    [InlineData(DaxBrokenVariant.LayoutBreakSkipped, "H20 pinned page, punch and constant faults", PageShape.Huge)]
    [InlineData(DaxBrokenVariant.LayoutBreakSkipped, "H21 punch finds the entry locked and a pin behind it", PageShape.Pages)]
    [InlineData(DaxBrokenVariant.LayoutBreakSkipped, "H33 truncate while pinned", PageShape.Pages)]
    [InlineData(DaxBrokenVariant.StaleZeroKept, "H3 read fault of a hole and write", PageShape.Pages)]
    [InlineData(DaxBrokenVariant.StaleZeroKept, "H4 huge zeros and write of one page", PageShape.Huge)]
    [InlineData(DaxBrokenVariant.CopySourceKept, "O12 copy of a shared page under readers", PageShape.Pages)]
    [InlineData(DaxBrokenVariant.EntriesKept, "H43 collapse under stores", PageShape.Mixed)]
    public void Broken_core_is_caught_by_a_race(DaxBrokenVariant broken, string name, PageShape shape)
    {
        Exception? failure = null;
        for (int round = 0; round < LongRounds && failure is null; round++)
        {
            failure = Record.Exception(() => Races[name]().Run(shape, broken));
        }

        Assert.NotNull(failure);
        output.WriteLine(failure.Message);
    }

    private void Run(string name, PageShape shape, int rounds)
    {
        int met = 0;
        for (int round = 0; round < rounds; round++)
        {
            met += Races[name]().Run(shape) ? 1 : 0;
        }

        output.WriteLine($"{name}, {shape}: all met at their points in {met} of {rounds} rounds");
        Assert.True(met > rounds / 4, $"inconclusive: in {met} of {rounds} rounds all met at their points");
    }

    private static void AssertIn<T>(T value, params T[] allowed) => Assert.Contains(value, allowed);

    private static void AssertBothStored(RaceStage stage)
    {
        Assert.Equal(1, stage.Load(stage.Target));
        Assert.Equal(2, stage.Load(stage.Target + 8));
        Assert.Equal(2, stage.File.Read(stage.Target + 8, 1)[0]);
    }

    private static void AssertOneSize(RaceStage stage)
    {
        Assert.Equal(1, stage.Load(stage.Target));
        stage.Store(RaceStage.Chunk + Huge - Page, 5);
        Assert.Equal(1, stage.File.Read(stage.Target, 1)[0]);
        Assert.Equal(5, stage.File.Read(RaceStage.Chunk + Huge - Page, 1)[0]);
    }

    private static void AssertCut(RaceStage stage)
    {
        Assert.True(stage.Space.IsEmpty);
        Assert.Equal(stage.File.Medium.LengthBytes / Page, stage.Volume.FreePages);
    }

    private static void AssertPunched(RaceStage stage) => Assert.Equal(0, stage.Load(stage.Target));

    /// <summary>The page holds 9 and has no entry, so that the next pin of it is a fault.</summary>
    private static void WriteTarget(RaceStage stage) => Assert.Equal(Errno.Success, stage.File.Write(stage.Target, [9]));

    /// <summary>While a page is pinned its bytes stay, 9 or those of a hole, and its block is nobody else's.</summary>
    private static void PinAndLook(RaceStage stage, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Errno errno = stage.Space.Pin(stage.Target, 8, PinAccess.Read, out Pin pin);
            if (errno == Errno.ENXIO)
            {
                return;
            }

            Assert.Equal(Errno.Success, errno);
            byte first = pin.Span[0];
            AssertIn(first, (byte)9, (byte)0);
            Thread.Yield();
            Assert.Equal(first, pin.Span[0]);
            pin.Dispose();
        }
    }

    /// <summary>Who reads a page that is being copied sees the old byte, then the new one, and nothing else.</summary>
    private static void WatchTheCopy(RaceStage stage)
    {
        byte last = 9;
        for (int i = 0; i < 20; i++)
        {
            byte seen = stage.Load(stage.Target);
            AssertIn(seen, last, (byte)7);
            last = seen;
        }
    }

    private static void ShareTarget(RaceStage stage)
    {
        stage.Store(stage.Target, 9);
        FakeFile clone = stage.Volume.CreateFile(stage.File.SizeBytes);
        Assert.Equal(Errno.Success, stage.File.CloneTo(clone));
        Assert.Equal(9, stage.Load(stage.Target));
    }

    private static void CloneAndWatch(RaceStage stage)
    {
        FakeFile clone = stage.Volume.CreateFile(stage.File.SizeBytes);
        Assert.Equal(Errno.Success, stage.File.CloneTo(clone));
        byte[] then = clone.Read(stage.Target, 64);
        for (int i = 0; i < 20; i++)
        {
            Thread.Yield();
            Assert.Equal(then, clone.Read(stage.Target, 64));
        }
    }

    private static void StoreOften(RaceStage stage)
    {
        for (byte i = 1; i < 40; i++)
        {
            stage.Store(stage.Target + i, i);
        }
    }

    private static void AssertStoreIsFlushed(RaceStage stage)
    {
        // Whichever came first, one more sync leaves nothing dirty, and a last one has nothing to do.
        Assert.Equal(Errno.Success, stage.Space.Writeback(PageRange.All));
        long flushed = stage.Space.ReadStatistics().FlushedBytes;
        Assert.Equal(Errno.Success, stage.Space.Writeback(PageRange.All));
        Assert.Equal(flushed, stage.Space.ReadStatistics().FlushedBytes);
        Assert.True(flushed >= Page);
    }
}
