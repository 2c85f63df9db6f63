using System.Diagnostics;
using Adit.Dax.Entries;
using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.TestKit.Threads;

namespace Adit.Dax.Tests;

/// <summary>Entries on their way between sparse nodes and leaves: none is lost, none is there twice, and none that somebody works at is moved.</summary>
public sealed class SparseEntryTests
{
    private const int LeastRemoved = 1000;
    private const int PatienceMs = 30_000;
    private const ulong Resting = PageEntry.Accessible | ((ulong)EntryKind.Page << 26);
    private const ulong Pinned = Resting | PageEntry.PinUnit;
    private const ulong MustStay = PageEntry.Locked | PageEntry.Contended | PageEntry.Awaited;

    /// <summary>Where a round takes its pages from, by how many there are in all: few in a large range stay alone, many in a small one become leaves.</summary>
    [Theory]
    [InlineData(28, 20_000, 0)]
    [InlineData(28, 20_000, 10)]
    [InlineData(21, 30_000, 5)]
    [InlineData(15, 30_000, 5)]
    [InlineData(12, 4_000, 20)]
    [InlineData(9, 480, 50)]
    [InlineData(40, 6_000, 100)]
    public void Pages_that_come_and_go_in_waves_are_found_as_in_a_model(int rangeShift, int pageCount, int pinnedPercent)
    {
        Random random = new(rangeShift * 1000 + pinnedPercent);
        EntryTree tree = new(1);
        Dictionary<long, (bool Pinned, bool Dirty)> model = [];
        for (int wave = 0; wave < 3; wave++)
        {
            while (model.Count < pageCount)
            {
                long page = random.NextInt64(1L << rangeShift);
                bool isPinned = random.Next(100) < pinnedPercent;
                Assert.Equal(!model.ContainsKey(page), tree.TryInsert(page, EntrySize.Page, new PageEntry(PageEntry.Locked), false, out EntryRef entry));
                if (model.ContainsKey(page))
                {
                    continue;
                }

                bool isDirty = random.Next(4) == 0;
                if (isDirty)
                {
                    tree.MarkDirty(entry);
                }

                Assert.True(entry.TrySwap(entry.Read(), new PageEntry((isPinned ? Pinned : Resting) | (isDirty ? PageEntry.Dirty : 0))));
                model[page] = (isPinned, isDirty);
            }

            Check(tree, model);
            long[] going = [.. model.Keys];
            random.Shuffle(going);
            foreach (long page in going.AsSpan(0, going.Length * 19 / 20))
            {
                Assert.True(tree.TryFind(page, out EntryRef gone));
                _ = gone.Change(0, PageEntry.PinMask);
                _ = tree.Remove(gone);
                tree.Shrink(gone);
                model.Remove(page);
                Assert.False(tree.TryFind(page, out _));
            }

            Check(tree, model);
        }

        foreach (long page in model.Keys)
        {
            Assert.True(tree.TryFind(page, out EntryRef gone));
            _ = gone.Change(0, PageEntry.PinMask);
            _ = tree.Remove(gone);
        }

        Assert.True(tree.IsBare);
        Assert.Equal(0, tree.Count);
    }

    /// <summary>What comes and goes after the marks were made is clean, so only the moves themselves keep the marks right.</summary>
    [Theory]
    [InlineData(28, 2_000, 20_000)]
    [InlineData(21, 2_000, 30_000)]
    [InlineData(15, 1_000, 20_000)]
    [InlineData(12, 200, 3_500)]
    [InlineData(9, 20, 470)]
    public void Marks_go_with_the_entries_that_change_their_nodes(int rangeShift, int dirtyCount, int cleanCount)
    {
        Random random = new(rangeShift);
        EntryTree tree = new(1);
        HashSet<long> dirty = [];
        while (dirty.Count < dirtyCount)
        {
            long page = random.NextInt64(1L << rangeShift);
            if (dirty.Add(page))
            {
                Assert.True(tree.TryInsert(page, EntrySize.Page, new PageEntry(Resting), false, out EntryRef entry));
                tree.MarkDirty(entry);
            }
        }

        long half = 1L << (rangeShift - 1);
        tree.TagToWrite(0, half);
        List<long> clean = [];
        while (clean.Count < cleanCount)
        {
            long page = random.NextInt64(1L << rangeShift);
            if (tree.TryInsert(page, EntrySize.Page, new PageEntry(Resting), false, out _))
            {
                clean.Add(page);
                CheckNowAndThen(clean.Count);
            }
        }

        // A higher root.
        Assert.True(tree.TryInsert(1L << 45, EntrySize.Page, new PageEntry(Resting), false, out _));
        CheckMarks();
        while (clean.Count > 0)
        {
            TakeOut(clean[^1]);
            clean.RemoveAt(clean.Count - 1);
            CheckNowAndThen(clean.Count);
        }

        foreach (long page in dirty.ToArray())
        {
            dirty.Remove(page);
            TakeOut(page);
            CheckNowAndThen(dirty.Count);
        }

        TakeOut(1L << 45);
        Assert.True(tree.IsBare);

        void TakeOut(long page)
        {
            Assert.True(tree.TryFind(page, out EntryRef gone));
            _ = tree.Remove(gone);
            tree.Shrink(gone);
        }

        void CheckNowAndThen(int count)
        {
            if (count % (cleanCount / 10) == 0 || (count & (count - 1)) == 0)
            {
                CheckMarks();
            }
        }

        void CheckMarks()
        {
            Assert.Equal(dirty.Order(), Walk(tree, EntryMark.Dirty));
            Assert.Equal(dirty.Where(page => page < half).Order(), Walk(tree, EntryMark.ToWrite));
            MarkCheck.Run(tree);
        }
    }

    [Fact]
    public void Chunk_that_fills_up_gets_a_leaf_and_gives_it_back_when_it_is_emptied()
    {
        EntryTree tree = new(1);
        foreach (long page in Enumerable.Range(0, 1024).Select(page => (page * 37L % 1024) + 1024))
        {
            Assert.True(tree.TryInsert(page, EntrySize.Page, new PageEntry(Resting), false, out _));
        }

        Assert.True(tree.TryFind(1030, out EntryRef full));
        Assert.IsType<PageLeaf>(full.Node);
        for (long page = 1024; page < 1024 + 500; page++)
        {
            Assert.True(tree.TryFind(page, out EntryRef gone));
            _ = tree.Remove(gone);
            tree.Shrink(gone);
        }

        Assert.True(tree.TryFind(1024 + 505, out EntryRef left));
        Assert.IsType<SparseNode>(left.Node);
    }

    [Theory]
    [InlineData(3L)]
    [InlineData((1L << 30) + 3)]
    public void Dirty_page_that_lies_alone_is_still_found_when_its_chunk_gets_a_leaf_of_clean_ones(long page)
    {
        EntryTree tree = new(1);
        Assert.True(tree.TryInsert(page, EntrySize.Page, new PageEntry(Resting), false, out EntryRef alone));
        tree.MarkDirty(alone);
        tree.TagToWrite(page, page + 1);
        Assert.IsType<SparseNode>(alone.Node);
        Assert.True(tree.TryInsert(page + 1, EntrySize.Page, new PageEntry(Resting), false, out EntryRef dense, isDense: true));
        Assert.IsType<PageLeaf>(dense.Node);
        Assert.Equal([page], Walk(tree, EntryMark.Dirty));
        Assert.Equal([page], Walk(tree, EntryMark.ToWrite));
        MarkCheck.Run(tree);
    }

    [Fact]
    public void Entry_that_is_locked_or_waited_for_stays_where_it_is_and_a_pinned_one_takes_its_pins_along()
    {
        EntryTree tree = new(1);
        List<(long Page, EntryRef Entry, ulong Bits)> kept = [];
        ulong[] uses = [PageEntry.Locked, PageEntry.Contended, PageEntry.Awaited | PageEntry.PinUnit, PageEntry.PinUnit * 3];
        for (int i = 0; i < 20_000; i++)
        {
            long page = (i * 7919L) & ((1 << 18) - 1);
            ulong bits = Resting | (i % 50 < uses.Length ? uses[i % 50] : 0);
            Assert.True(tree.TryInsert(page, EntrySize.Page, new PageEntry(bits), false, out EntryRef entry));
            if (bits != Resting)
            {
                kept.Add((page, entry, bits));
            }
        }

        int movedCount = 0;
        foreach ((long page, EntryRef entry, ulong bits) in kept)
        {
            Assert.True(tree.TryFind(page, out EntryRef found));
            Assert.Equal(bits, found.Read().Bits);
            Assert.Equal(page, entry.Pages.First.Value);
            Assert.True(found == entry || (bits & MustStay) == 0, $"{new PageEntry(bits)} was moved");
            if (found != entry)
            {
                Assert.True(entry.Read().IsNone);
                Assert.Equal(found, tree.FindPinned(page));
                movedCount++;
            }
        }

        Assert.True(movedCount > 0, "nothing was moved: the test has shown nothing");
    }

    [Fact]
    public void Pins_that_are_out_while_their_entries_are_moved_are_let_go_where_those_are_now()
    {
        using MappedFile file = new(sizeBytes: 24 << 20);
        List<LongPin> pins = [];
        for (int page = 0; page < 6000; page += 3)
        {
            Assert.Equal(Errno.Success, file.Space.PinLong(page * 4096L, 8, PinAccess.Write, new LeaseOptions { Purpose = "test" }, out LongPin? pin));
            pins.Add(pin!);
        }

        for (int page = 0; page < 6000; page++)
        {
            file.Store(page * 4096L, 1);
        }

        Assert.Equal(2000, file.Space.ReadStatistics().Pins);
        pins.ForEach(pin => pin.Dispose());
        Assert.Equal(0, file.Space.ReadStatistics().Pins);
        Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));
        Assert.Equal(Errno.Success, file.Space.TryEvict(discards: false));
    }

    [Fact]
    public void Pages_of_a_sparse_node_stop_a_huge_entry_of_their_chunk()
    {
        EntryTree tree = new(1);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(tree.TryInsert((i * 1024L) + 3, EntrySize.Page, new PageEntry(Resting), false, out _));
        }

        Assert.False(tree.TryInsert(1024, EntrySize.Huge, new PageEntry(Resting), false, out _));
        Assert.True(tree.TryInsert(512, EntrySize.Huge, new PageEntry(Resting), false, out _));
        Assert.False(tree.TryInsert(515, EntrySize.Page, new PageEntry(Resting), false, out _));
        Assert.True(tree.TryNext(EntryMark.Live, 4, 1030, out EntryRef huge));
        Assert.True(huge.Size == EntrySize.Huge);
        Assert.True(tree.TryNext(EntryMark.Live, 1024, 1030, out EntryRef page));
        Assert.Equal(1027, page.Pages.First.Value);
    }

    [Theory]
    [InlineData(28, 400)]
    [InlineData(13, 400)]
    public void Threads_that_insert_pin_and_remove_find_their_own_entries(int rangeShift, int milliseconds) =>
        Churn(rangeShift, milliseconds);

    [Theory]
    [Trait("Tier", "long")]
    [InlineData(28, 20_000)]
    [InlineData(20, 20_000)]
    [InlineData(13, 20_000)]
    public void Threads_that_insert_pin_and_remove_find_their_own_entries_for_long(int rangeShift, int milliseconds) =>
        Churn(rangeShift, milliseconds);

    private static void Churn(int rangeShift, int milliseconds)
    {
        const int ThreadCount = 4;
        EntryTree tree = new(1);
        int[] left = new int[ThreadCount];
        long[] removed = new long[ThreadCount];
        using Barrier start = new(ThreadCount);
        GuardedThread[] threads = GuardedThread.Start(ThreadCount, number =>
        {
            Assert.True(start.SignalAndWait(PatienceMs));
            left[number] = ChurnOne(tree, rangeShift, number, ThreadCount, milliseconds, out removed[number]);
        });
        GuardedThread.JoinAll(threads, TimeSpan.FromMilliseconds(milliseconds + (3 * PatienceMs)));
        Assert.All(removed, count => Assert.True(count >= LeastRemoved, $"inconclusive: threads removed {string.Join(", ", removed)} entries"));
        Assert.Equal(left.Sum(), tree.Count);
        int found = 0;
        for (long page = 0; tree.TryNext(EntryMark.Live, page, 1L << rangeShift, out EntryRef entry); page = entry.Pages.End.Value)
        {
            found++;
        }

        Assert.Equal(left.Sum(), found);
    }

    /// <summary>A thread's pages are its own, so it knows what is there; the nodes are everybody's.</summary>
    private static int ChurnOne(EntryTree tree, int rangeShift, int number, int threadCount, int milliseconds, out long removed)
    {
        long end = Environment.TickCount64 + milliseconds;
        removed = 0;
        Random random = new(number + 5);
        HashSet<long> mine = [];
        List<long> order = [];
        while (IsGoingOn(removed))
        {
            bool isGrowing = random.Next(2) == 0;
            for (int i = 0; i < 2000 && IsGoingOn(removed); i++)
            {
                long page = (random.NextInt64((1L << rangeShift) / threadCount) * threadCount) + number;
                if (isGrowing || order.Count == 0)
                {
                    bool isNew = tree.TryInsert(page, EntrySize.Page, new PageEntry(Pinned), false, out EntryRef entry);
                    Assert.Equal(mine.Add(page), isNew);
                    if (isNew)
                    {
                        order.Add(page);
                        Thread.Yield();
                        Assert.Equal(page, entry.Pages.First.Value);
                        Unpin(tree, entry);
                    }

                    continue;
                }

                int at = random.Next(order.Count);
                page = order[at];
                EntryRef found = Pin(tree, page);
                Assert.Equal(page, found.Pages.First.Value);
                found = LockInsteadOfPin(tree, found);
                _ = tree.Remove(found);
                tree.Shrink(found);
                removed++;
                Assert.False(tree.TryFind(page, out _));
                mine.Remove(page);
                order[at] = order[^1];
                order.RemoveAt(order.Count - 1);
            }
        }

        return order.Count;

        // A thread that seldom gets a processor has more time.
        bool IsGoingOn(long removed) =>
            Environment.TickCount64 < end || (removed < LeastRemoved && Environment.TickCount64 < end + PatienceMs);
    }

    /// <summary>As a pin does: a search may miss an entry that is being moved, and the swap one that has been.</summary>
    private static EntryRef Pin(EntryTree tree, long page)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (tree.TryFind(page, out EntryRef entry, out PageEntry seen) && entry.TrySwap(seen, new PageEntry(seen.Bits + PageEntry.PinUnit)))
            {
                return entry;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"page {page} is lost");
        }
    }

    private static void Unpin(EntryTree tree, EntryRef entry)
    {
        while (!entry.TrySwap(new PageEntry(Pinned), new PageEntry(Resting)))
        {
            entry = tree.FindPinned(entry.Pages.First.Value);
        }
    }

    private static EntryRef LockInsteadOfPin(EntryTree tree, EntryRef entry)
    {
        while (!entry.TrySwap(new PageEntry(Pinned), new PageEntry(Resting | PageEntry.Locked)))
        {
            entry = tree.FindPinned(entry.Pages.First.Value);
        }

        return entry;
    }

    private static void Check(EntryTree tree, Dictionary<long, (bool Pinned, bool Dirty)> model)
    {
        Assert.Equal(model.Count, tree.Count);
        foreach ((long page, (bool isPinned, bool isDirty)) in model)
        {
            Assert.True(tree.TryFind(page, out EntryRef found), $"page {page} is lost");
            Assert.Equal(page, found.Pages.First.Value);
            Assert.Equal(isDirty, found.Read().IsDirty);
            Assert.Equal(isPinned ? 1 : 0, found.Read().Pins);
        }

        Assert.Equal(model.Keys.Order(), Walk(tree, EntryMark.Live));
        Assert.Equal(model.Where(pair => pair.Value.Dirty).Select(pair => pair.Key).Order(), Walk(tree, EntryMark.Dirty));
    }

    private static List<long> Walk(EntryTree tree, EntryMark mark)
    {
        List<long> found = [];
        for (long page = 0; tree.TryNext(mark, page, PageRange.All.End.Value, out EntryRef entry); page = entry.Pages.End.Value)
        {
            found.Add(entry.Pages.First.Value);
        }

        return found;
    }
}
