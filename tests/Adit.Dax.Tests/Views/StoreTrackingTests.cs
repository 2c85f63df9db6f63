using System.Runtime.InteropServices;
using Adit.Dax.Layouts;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;
using static Adit.Dax.Tests.Views.ViewFixture;

namespace Adit.Dax.Tests.Views;

/// <summary>Stores through a view are found exactly (B11, C4, K-UF).</summary>
public sealed unsafe class StoreTrackingTests
{
    public enum On
    {
        SharedMemory,
        File,
        EmulatedPmem,
    }

    [TrackerTheory]
    [InlineData(On.SharedMemory)]
    [InlineData(On.File)]
    [InlineData(On.EmulatedPmem)]
    public void Stores_are_found_by_page_once(On kind)
    {
        using Backing backing = new(kind);
        using ViewFixture fixture = new(backing.Medium);
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 1024, 8), Segment(1024, 512, 1536), Segment(1536, 4, null));
        Assert.True(view.TracksStores);
        Assert.Empty(view.Dirty());
        view.Store(5, 1);
        view.Store(1023, 1);
        view.Store(1024, 1);
        Assert.Equal(Mark(8 + 700), view.Word(700)); // a load is not a store
        Assert.Equal([5, 1023, 1024], view.Dirty());
        Assert.Empty(view.Dirty());
    }

    [TrackerTheory]
    [InlineData(On.SharedMemory)]
    [InlineData(On.File)]
    public void Store_after_a_collection_is_found_again(On kind)
    {
        using Backing backing = new(kind);
        using ViewFixture fixture = new(backing.Medium);
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 100, 8));
        for (int round = 0; round < 50; round++)
        {
            view.Store(round, round);
            view.Store(99, round);
            Assert.Equal(round == 99 ? [99L] : [round, 99L], view.Dirty());
            backing.Medium.MarkStored(8 << 12, 100 << 12);
            backing.Medium.Fence();
        }
    }

    [TrackerFact]
    public void Collection_of_a_range_leaves_the_rest_for_later()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(10, 50, 8));
        view.Store(10, 1);
        view.Store(30, 1);
        view.Store(59, 1);
        Assert.Equal([30], view.Dirty(Pages(11, 48)));
        Assert.Empty(view.Dirty(Pages(11, 48)));
        Assert.Equal([10, 59], view.Dirty());
    }

    [TrackerFact]
    public void Store_of_the_kernel_into_a_view_is_found()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 100, 8));
        byte[] bytes = RandomNumberBytes(6000);
        using TemporaryFile file = new(0);
        File.WriteAllBytes(file.Path, bytes);
        using FileDescriptor source = Libc.open(file.Path, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        Assert.Equal(6000, Libc.pread(source, view.Start + (40 << 12), 6000, 0));
        Assert.Equal(bytes, new ReadOnlySpan<byte>(fixture.Medium.Start + (48 << 12), 6000));
        Assert.Equal([40, 41], view.Dirty());
    }

    [TrackerFact]
    public void Write_through_the_medium_is_not_a_store_through_the_view()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 100, 8));
        fixture.Medium.Write(8 << 12, new byte[] { 1 });
        Assert.Equal(1, view.Word(0) & 0xFF);
        Assert.Empty(view.Dirty());
    }

    [TrackerFact]
    public void Dirty_page_that_the_host_evicts_is_still_found_and_a_clean_one_is_not()
    {
        using Backing backing = new(On.File);
        using ViewFixture fixture = new(backing.Medium);
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 100, 8));
        backing.Medium.MarkStored(0, backing.Medium.LengthBytes);
        backing.Medium.Fence();
        _ = view.Word(60);
        view.Store(50, 1);
        Assert.Equal(0, Libc.msync(view.Start, 100 << 12, Libc.MS_SYNC));
        const int PageOut = 21;
        Assert.Equal(0, Libc.madvise(view.Start, 100 << 12, PageOut));
        Assert.Equal([50], view.Dirty());
        Assert.Equal(1, view.Word(50));
    }

    [TrackerFact]
    public void Storing_threads_and_a_collector_lose_nothing() => Assert.Equal(0, LostStores(copiesBeforeTheScan: false));

    [TrackerFact]
    public void Copies_made_before_write_access_is_taken_back_lose_stores() => Assert.NotEqual(0, LostStores(copiesBeforeTheScan: true));

    /// <summary>Threads store to pages; a collector copies what is told. A page that is not told must be what its copy is.</summary>
    private static int LostStores(bool copiesBeforeTheScan)
    {
        const int PageCount = 512;
        const int Collections = 2000;
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, PageCount, 100));
        long[] copies = [.. Enumerable.Range(0, PageCount).Select(page => Mark(100 + page))];
        bool isOver = false;
        Thread[] writers = [.. Enumerable.Range(0, 2).Select(thread => new Thread(() =>
        {
            Random random = new(thread);
            for (long i = 1; !Volatile.Read(ref isOver); i++)
            {
                view.Store(random.Next(PageCount), i * 2 + thread);
                Thread.SpinWait(random.Next(200));
            }
        }))];
        foreach (Thread writer in writers)
        {
            writer.Start();
        }

        int lost = 0;
        long kept = 0;
        long[] before = new long[PageCount];
        for (int round = 0; round < Collections; round++)
        {
            for (int page = 0; page < PageCount; page++)
            {
                before[page] = view.Word(page);
            }

            // One store that is sure to fall between the two, however few cores there are.
            view.Store(round % PageCount, -round);
            HashSet<long> told = [.. view.Dirty()];
            for (int page = 0; page < PageCount; page++)
            {
                if (told.Contains(page))
                {
                    copies[page] = copiesBeforeTheScan ? before[page] : view.Word(page);
                }
                else
                {
                    kept += copies[page] == Mark(100 + page) ? 0 : 1;
                    lost += before[page] == copies[page] ? 0 : 1;
                }
            }

        }

        Volatile.Write(ref isOver, true);
        Assert.True(writers.All(writer => writer.Join(10_000)));
        Assert.NotEqual(0, kept);
        return lost;
    }

    [Fact]
    public void Without_the_kernels_help_everything_that_can_be_stored_to_is_told_each_time()
    {
        using ViewFixture fixture = new() { IsTracking = false };
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 3, 8), Segment(3, 2, null), Segment(5, 1, 50));
        Assert.False(view.TracksStores);
        Assert.Equal([0, 1, 2, 5], view.Dirty());
        Assert.Equal([0, 1, 2, 5], view.Dirty());
        ViewMapping reader = fixture.Map(ViewKind.Read, Segment(0, 3, 8));
        Assert.Empty(reader.Dirty());
    }

    [TrackerFact]
    public void Collection_allocates_nothing()
    {
        using ViewFixture fixture = new();
        ViewMapping view = fixture.Map(ViewKind.ReadWrite, Segment(0, 200, 8));
        CountedPages counted = new();
        view.CollectDirty(view.Pages, counted);
        for (int page = 0; page < 200; page += 2)
        {
            view.Store(page, 1);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        view.CollectDirty(view.Pages, counted);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(100, counted.Count);
    }

    private static byte[] RandomNumberBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private sealed class CountedPages : Adit.Dax.Mappings.IDirtyPages
    {
        public long Count { get; private set; }

        public void Add(PageRange pages) => Count += pages.PageCount;
    }

    private sealed class Backing : IDisposable
    {
        private readonly TemporaryFile? _file;

        public Backing(On kind)
        {
            if (kind == On.SharedMemory)
            {
                Medium = MemoryMedium.CreateShared(8 * MiB);
                return;
            }

            _file = new TemporaryFile(0, kind == On.EmulatedPmem && Directory.Exists("/dev/shm") ? "/dev/shm" : null);
            Medium = MediumFactory.Create(_file.Path, new MediumOptions
            {
                Kind = kind == On.File ? MediumKind.File : MediumKind.PmemEmulated,
                CreateSizeBytes = 8 * MiB,
            });
        }

        public Medium Medium { get; }

        public void Dispose() => _file?.Dispose();
    }
}
