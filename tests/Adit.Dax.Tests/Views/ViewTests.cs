using System.Buffers;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Tests.Fakes;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;
using Adit.TestKit.Simulation;

namespace Adit.Dax.Tests.Views;

/// <summary>Views of a file through its address space.</summary>
public sealed class ViewTests : IDisposable
{
    private const int Page = PageIndex.PageBytes;

    private readonly FaultingMedium _medium = new(MemoryMedium.CreateShared(32 << 20));
    private readonly List<View> _views = [];
    private FakeVolume Volume => field ??= new FakeVolume(_medium);

    [Fact]
    public void View_is_the_files_bytes()
    {
        FakeFile file = MakeFile(10 * Page);
        Assert.Equal(Errno.Success, file.Write(Page + 100, "mapped"u8));
        View view = Map(file, Page + 90, 3000);
        Assert.Equal("mapped"u8, view.Slice(10, 6));
        Assert.Equal(3000, view.Span.Length);
        Assert.Equal(Errno.Success, file.Write(Page + 100, "MAP"u8));
        Assert.Equal("MAPped"u8, view.Slice(10, 6));
    }

    [Fact]
    public void Store_through_a_view_is_the_next_read()
    {
        FakeFile file = MakeFile(10 * Page);
        View view = Map(file, 100, 5 * Page, ViewKind.ReadWrite);
        "stored"u8.CopyTo(view.WritableSlice(Page, 6));
        view.WritableRef<long>(20) = 0x1122334455667788;
        Assert.Equal("stored"u8.ToArray(), file.Read(Page + 100, 6));
        Assert.Equal(0x88, file.Read(120, 1)[0]);
        Assert.Equal(0x1122334455667788, view.Ref<long>(20));
    }

    [Fact]
    public void Writable_view_takes_its_blocks_when_it_is_made()
    {
        FakeFile file = MakeFile(10 * Page);
        Volume.FreePages = 3;
        Assert.Equal(Errno.ENOSPC, TryMap(file, 0, 4 * Page, ViewKind.ReadWrite, out _));
        Assert.Equal(Errno.Success, TryMap(file, 0, 3 * Page, ViewKind.ReadWrite, out View? view));
        view!.WritableSpan.Fill(7);
        Assert.Equal(0, Volume.FreePages);
    }

    [TrackerFact]
    public void Flush_writes_what_was_stored_and_nothing_the_second_time()
    {
        FakeFile file = MakeFile(1024 * Page);
        View view = Map(file, 0, 1024 * Page, ViewKind.ReadWrite);
        Assert.Equal(Errno.Success, view.Flush());
        for (int round = 0; round < 5; round++)
        {
            int modified = file.ModifiedCount;
            long before = file.Space.ReadStatistics().FlushedBytes;
            view.WritableRef<int>(700 * Page) = round;
            Assert.Equal(Errno.Success, view.Flush());
            long flushed = file.Space.ReadStatistics().FlushedBytes - before;
            Assert.InRange(flushed, 1, 64 << 10);
            Assert.NotEqual(modified, file.ModifiedCount);
            Assert.Equal(Errno.Success, view.Flush());
            Assert.Equal(flushed, file.Space.ReadStatistics().FlushedBytes - before);
        }
    }

    [TrackerFact]
    public void Sync_of_the_file_finds_stores_through_its_views()
    {
        FakeFile file = MakeFile(8 * Page);
        View view = Map(file, 0, 8 * Page, ViewKind.ReadWrite);
        ErrorCursor errors = file.Space.OpenCursor();
        Assert.Equal(Errno.Success, file.Space.Sync(PageRange.All, ref errors));
        long before = file.Space.ReadStatistics().FlushedBytes;
        view.WritableRef<int>(5 * Page) = 1;
        Assert.Equal(Errno.Success, file.Space.Sync(PageRange.All, ref errors));
        Assert.Equal(Page, file.Space.ReadStatistics().FlushedBytes - before);

        // Also the stores that nobody had looked for when the view ended.
        view.WritableRef<int>(6 * Page) = 1;
        view.Dispose();
        Assert.Equal(Errno.Success, file.Space.Sync(PageRange.All, ref errors));
        Assert.Equal(2 * Page, file.Space.ReadStatistics().FlushedBytes - before);
    }

    [Fact]
    public void Reading_view_follows_every_change_of_the_layout()
    {
        FakeFile file = MakeFile(8 * Page);
        View view = Map(file, 0, 12 * Page);
        Assert.False(view.Span.ContainsAnyExcept((byte)0));
        Assert.Equal(Errno.Success, file.Write(3 * Page, "block"u8));
        Assert.Equal("block"u8, view.Slice(3 * Page, 5));
        Assert.Equal(Errno.Success, file.Punch(Pages(3, 1)));
        Assert.False(view.Span.ContainsAnyExcept((byte)0));
        Assert.Equal(Errno.Success, file.Write(9 * Page, "grown"u8));
        Assert.Equal("grown"u8, view.Slice(9 * Page, 5));
        Assert.Equal(Errno.Success, file.Collapse(Pages(2, 4)));
        Assert.Equal("grown"u8, view.Slice(5 * Page, 5));
        Assert.Equal(Errno.Success, file.Truncate(Page));
        Assert.False(view.Span.ContainsAnyExcept((byte)0));
        file.SizeBytes = 12 * Page;
        Assert.False(view.Span.ContainsAnyExcept((byte)0));
        Assert.False(view.IsDetached);
    }

    [Fact]
    public void Reading_view_of_shared_blocks_stays_when_another_file_copies_them()
    {
        FakeFile file = MakeFile(4 * Page);
        FakeFile clone = MakeFile(4 * Page);
        Assert.Equal(Errno.Success, file.Write(Page, "common"u8));
        Assert.Equal(Errno.Success, file.CloneTo(clone));
        View source = Map(file, 0, 4 * Page);
        View writer = Map(clone, 0, 4 * Page, ViewKind.ReadWrite);
        "CHANGE"u8.CopyTo(writer.WritableSlice(Page, 6));
        Assert.Equal("common"u8, source.Slice(Page, 6));
        Assert.Equal("CHANGE"u8.ToArray(), clone.Read(Page, 6));
        Assert.Equal("common"u8.ToArray(), file.Read(Page, 6));
    }

    [Fact]
    public void Reading_view_sees_the_copy_when_its_own_file_stores_to_shared_blocks()
    {
        FakeFile file = MakeFile(4 * Page);
        FakeFile clone = MakeFile(4 * Page);
        Assert.Equal(Errno.Success, file.Write(Page, "common"u8));
        Assert.Equal(Errno.Success, file.CloneTo(clone));
        View reader = Map(clone, 0, 4 * Page);
        View writer = Map(clone, 0, 4 * Page, ViewKind.ReadWrite);
        "CHANGE"u8.CopyTo(writer.WritableSlice(Page, 6));
        Assert.Equal("CHANGE"u8, reader.Slice(Page, 6));
    }

    [Fact]
    public void Direct_refuses_shared_blocks_and_says_which()
    {
        FakeFile file = MakeFile(4 * Page);
        FakeFile clone = MakeFile(4 * Page);
        Assert.Equal(Errno.Success, file.Write(Page, "common"u8));
        Assert.Equal(Errno.Success, file.CloneTo(clone));
        Assert.Equal(Errno.ENOTSUP, TryMap(file, Options(ViewKind.ReadWrite, MapFlags.Direct), out _, out string? refusal));
        Assert.Contains("shared", refusal, StringComparison.Ordinal);
        FakeFile alone = MakeFile(4 * Page);
        Assert.Equal(Errno.Success, TryMap(alone, Options(ViewKind.ReadWrite, MapFlags.Direct), out _, out _));
    }

    [Fact]
    public void Writable_view_that_is_in_the_way_is_told_and_then_detached()
    {
        FakeFile file = MakeFile(8 * Page);
        List<(long, long, TimeSpan)> recalls = [];
        using ManualResetEventSlim told = new();
        ViewDetachment? detachment = null;
        View view = Map(file, new ViewOptions
        {
            Kind = ViewKind.ReadWrite,
            OnRecall = (offset, length, notice) => recalls.Add((offset, length, notice)),
        });
        view.Detached += (_, what) =>
        {
            detachment = what;
            told.Set();
        };
        view.WritableSpan.Fill(7);
        Assert.Equal(Errno.Success, file.Truncate(2 * Page));
        Assert.Equal([(2L * Page, 6L * Page, Lease)], recalls);
        Assert.True(told.Wait(TimeSpan.FromSeconds(10)));
        Assert.Equal((2L * Page, 6L * Page), (detachment!.OffsetBytes, detachment.LengthBytes));
        Assert.True(view.IsDetached);
        Assert.False(view.Span.ContainsAnyExcept((byte)7));

        // The first part is the file's still, the rest is the view's own.
        FakeFile next = MakeFile(8 * Page);
        View other = Map(next, 0, 8 * Page, ViewKind.ReadWrite);
        other.WritableSpan.Fill(9);
        view.WritableSpan[Page] = 8;
        view.WritableSpan[3 * Page] = 8;
        Assert.Equal(8, file.Read(Page, 1)[0]);
        Assert.Equal(9, next.Read(3 * Page, 1)[0]);
        Assert.Equal(Errno.Success, view.Flush());
        Assert.Equal(Errno.Success, view.Persist(Page, 10));
        Assert.Equal(Errno.ENODATA, view.Persist(3 * Page, 10));
    }

    [Fact]
    public void View_that_refuses_keeps_its_file_from_being_cut()
    {
        FakeFile file = MakeFile(8 * Page);
        View view = Map(file, new ViewOptions { Kind = ViewKind.ReadWrite, Policy = ViewPolicy.Refuse, Purpose = "a test" });
        view.WritableSpan.Fill(7);
        Assert.Equal(Errno.EBUSY, file.Truncate(2 * Page));
        Assert.Equal(8 * Page, file.SizeBytes);
        Assert.Equal("a test", Assert.Single(file.Space.FindHolders(Pages(5, 1))).Purpose);
        view.Dispose();
        Assert.Equal(Errno.Success, file.Truncate(2 * Page));
    }

    [Fact]
    public void Private_view_of_a_read_only_file_stores_to_itself_and_a_writable_one_is_refused()
    {
        FakeFile source = MakeFile(4 * Page);
        Assert.Equal(Errno.Success, source.Write(0, "fixed"u8));
        RawMediumLayout layout = new(new ReadOnlyProxy(_medium));
        AddressSpace space = new(layout);
        Assert.Equal(Errno.EROFS, View.TryMap(space, 0, Page, Options(ViewKind.ReadWrite), out _, out _));
        Assert.Equal(Errno.Success, View.TryMap(space, source.MediumPageOf(0) << 12, Page, Options(ViewKind.Private), out View? view, out _));
        _views.Add(view!);
        "FIXED"u8.CopyTo(view!.WritableSpan);
        Assert.Equal(Errno.Success, view.Flush());
        Assert.Equal("FIXED"u8, view.Slice(0, 5));
        Assert.Equal("fixed"u8.ToArray(), source.Read(0, 5));
    }

    [Fact]
    public void Writable_view_ends_with_the_file()
    {
        FakeFile file = MakeFile((3 * Page) + 10);
        Assert.Equal(Errno.ENXIO, TryMap(file, 0, (3 * Page) + 11, ViewKind.ReadWrite, out _));
        View view = Map(file, Page, (2 * Page) + 10, ViewKind.ReadWrite);
        view.WritableSpan.Fill(1);
        Assert.Equal(Errno.ENXIO, TryMap(file, 4 * Page, 1, ViewKind.Read, out _));
        Assert.Equal(Errno.EINVAL, TryMap(file, -1, 1, ViewKind.Read, out _));
        Assert.Equal(Errno.EINVAL, TryMap(file, 0, 0, ViewKind.Read, out _));
        Assert.Equal(Errno.EINVAL, TryMap(file, 0, long.MaxValue, ViewKind.Read, out _));
    }

    [Fact]
    public void Misuse_is_an_exception()
    {
        FakeFile file = MakeFile(4 * Page);
        View view = Map(file, 100, 1000);
        Assert.Throws<InvalidOperationException>(() => view.WritableSpan.Length);
        Assert.Throws<InvalidOperationException>(() => view.WritableRef<int>(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Slice(1, 1000).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Slice(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Ref<long>(993));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Flush(long.MaxValue, 2));
        view.Dispose();
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => view.Flush());
        Assert.Throws<ObjectDisposedException>(() => view.ReadStatus());
    }

    [Fact]
    public async Task Memory_of_a_view_can_be_the_buffer_of_other_io_that_outlives_it()
    {
        FakeFile file = MakeFile(4 * Page);
        View view = Map(file, 0, 4 * Page, ViewKind.ReadWrite);
        view.WritableSpan[..100].Fill(5);
        using TemporaryFile other = new(0);
        using (FileStream stream = new(other.Path, FileMode.Open))
        {
            await stream.WriteAsync(view.Memory(0, 100));
        }

        Assert.Equal(Enumerable.Repeat((byte)5, 100), File.ReadAllBytes(other.Path));
        Memory<byte> memory = view.WritableMemory(Page, Page);
        MemoryHandle handle = memory.Pin();
        view.Dispose();
        unsafe
        {
            *(byte*)handle.Pointer = 6;
        }

        handle.Dispose();
        Assert.Equal(6, file.Read(Page, 1)[0]);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
    }

    [Fact]
    public void Failed_flush_is_told_once_and_not_made_good_by_the_next()
    {
        FakeFile file = MakeFile(4 * Page);
        View view = Map(file, 0, 4 * Page, ViewKind.ReadWrite);
        file.DurableOutcome = Errno.ENOSPC;
        Assert.Equal(Errno.ENOSPC, view.Flush());
        file.DurableOutcome = Errno.Success;
        Assert.Equal(Errno.Success, view.Flush());
        view.WritableSpan[0] = 1;
        _medium.FailAt(MediumCall.Fence, 1, Errno.EIO);
        Assert.Equal(Errno.EIO, view.Flush());
        Assert.Equal(1, _medium.FailureCount);
        ErrorCursor later = file.Space.OpenCursor();
        Assert.NotEqual(Errno.Success, file.Space.Sync(PageRange.All, ref later));
    }

    [Fact]
    public void Synchronous_stores_are_refused_where_the_medium_has_none()
    {
        FakeFile file = MakeFile(4 * Page);
        Assert.Equal(Errno.ENOTSUP, TryMap(file, Options(ViewKind.ReadWrite, MapFlags.Sync), out _, out string? refusal));
        Assert.Contains("synchronous", refusal, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, TryMap(file, Options(ViewKind.Read, MapFlags.Sync), out _, out _));
        View view = Map(file, 0, Page, ViewKind.ReadWrite);
        Assert.Equal(Errno.ENOTSUP, view.Advise(0, Page, MappingAdvice.Sync));
        Assert.False(view.IsSync);
    }

    [Fact]
    public void Writable_view_that_is_to_follow_is_refused_and_says_why()
    {
        FakeFile file = MakeFile(4 * Page);
        ViewOptions following = new() { Kind = ViewKind.ReadWrite, Policy = ViewPolicy.Follow };
        Assert.Equal(Errno.EINVAL, TryMap(file, following, out _, out string? refusal));
        Assert.Contains("cannot follow", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Synchronous_view_has_its_metadata_durable_before_the_first_store()
    {
        using TemporaryFile host = new(0);
        using Medium medium = MediumFactory.Create(
            host.Path, new MediumOptions { Kind = MediumKind.PmemEmulated, CreateSizeBytes = 4 << 20 });
        FakeFile file = new FakeVolume(medium).CreateFile(4 * Page);
        Assert.Equal(Errno.Success, View.TryMap(file.Space, 0, 4 * Page, Options(ViewKind.ReadWrite, MapFlags.Sync), out View? view, out _));
        _views.Add(view!);
        Assert.True(view!.IsSync);
        Assert.InRange(file.DurableCount, 1, int.MaxValue);
        int durable = file.DurableCount;
        view.WritableRef<long>(Page) = 1;
        Assert.Equal(Errno.Success, view.Persist(Page, 8));
        Assert.Equal(durable, file.DurableCount);
        Assert.Equal(Errno.Success, view.Advise(0, 4 * Page, MappingAdvice.None));
        Assert.Equal(Errno.Success, view.Persist(Page, 8));
        Assert.Equal(durable + 1, file.DurableCount);
    }

    [Fact]
    public void Status_says_what_is_in_effect_and_why_not_more()
    {
        FakeFile file = MakeFile(1024 * Page);
        View view = Map(file, 0, 1024 * Page, ViewKind.ReadWrite);
        ViewStatus status = view.ReadStatus();
        Assert.Equal(StoreTracker.Refusal is null, status.TracksStores);
        Assert.Equal(status.TracksStores, status.TrackingRefusal is null);
        Assert.NotNull(status.HugeRefusal);
        Assert.False(status.IsDetached);
        View small = Map(file, 0, Page);
        Assert.Contains("No aligned 2 MiB", small.ReadStatus().HugeRefusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Huge_pages_that_cannot_be_had_are_an_error_that_says_why()
    {
        FakeFile file = MakeFile(1024 * Page);
        Assert.Equal(Errno.ENOTSUP, View.TryMap(file.Space, 0, Page, Options(ViewKind.Read, MapFlags.Huge), out _, out string? refusal));
        Assert.Contains("2 MiB", refusal, StringComparison.Ordinal);
        using TemporaryFile host = new(0);
        using Medium medium = MediumFactory.Create(host.Path, new MediumOptions { Kind = MediumKind.File, CreateSizeBytes = 8 << 20 });
        AddressSpace space = new(new RawMediumLayout(medium));
        Assert.Equal(Errno.ENOTSUP, View.TryMap(space, 0, 4 << 20, Options(ViewKind.ReadWrite, MapFlags.Huge), out _, out refusal));
        Assert.Contains("back by page", refusal, StringComparison.Ordinal);
    }

    [MountFact]
    public void Full_host_is_an_error_of_the_call_that_maps_and_never_a_signal()
    {
        using HostMount host = new("size=8m");
        using Medium medium = host.CreateMedium(MediumKind.File, 16 << 20);
        AddressSpace space = new(new RawMediumLayout(medium));
        Assert.Equal(Errno.Success, View.TryMap(space, 0, 4 << 20, Options(ViewKind.ReadWrite), out View? fits, out _));
        _views.Add(fits!);
        fits!.WritableSpan.Fill(1);
        Assert.Equal(Errno.ENOSPC, View.TryMap(space, 4 << 20, 12 << 20, Options(ViewKind.ReadWrite), out _, out _));
        fits.WritableSpan.Fill(2);
        Assert.Equal(Errno.Success, fits.Flush());
    }

    [Fact]
    public void Huge_pages_asked_for_are_had_or_refused_with_the_hosts_setting()
    {
        FakeFile file = MakeFile(1024 * Page);
        Errno outcome = TryMap(file, Options(ViewKind.ReadWrite, MapFlags.Huge), out View? view, out string? refusal);
        if (outcome == Errno.Success)
        {
            Assert.True(view!.ReadStatus().HugeBytes > 0);
        }
        else
        {
            Assert.Equal(Errno.ENOTSUP, outcome);
            Assert.True(PageScanner.Shared is null || refusal!.Contains("shmem_enabled", StringComparison.Ordinal), refusal);
        }
    }

    [Fact]
    public void Raw_medium_is_a_file_like_any_other()
    {
        AddressSpace space = new(new RawMediumLayout(_medium));
        Assert.Equal(Errno.Success, View.TryMap(space, 5 * Page, Page, Options(ViewKind.ReadWrite, MapFlags.Populate), out View? view, out _));
        _views.Add(view!);
        view!.WritableSpan[3] = 9;
        Assert.Equal(9, _medium.Span((5 * Page) + 3, 1)[0]);
        Assert.Equal(Errno.Success, view.Advise(AccessPattern.Sequential));
        Assert.Equal(Errno.Success, view.Flush());
    }

    public void Dispose()
    {
        _views.ForEach(view => view.Dispose());
        _medium.Dispose();
    }

    private static TimeSpan Lease => TimeSpan.FromMilliseconds(50);

    private static PageRange Pages(long first, long count) => new(new PageIndex(first), count);

    private static ViewOptions Options(ViewKind kind, MapFlags flags = MapFlags.None) => new() { Kind = kind, Flags = flags };

    private FakeFile MakeFile(long sizeBytes) => Volume.CreateFile(sizeBytes, new AddressSpaceOptions { LeaseTime = Lease });

    private View Map(FakeFile file, long offset, long length, ViewKind kind = ViewKind.Read)
    {
        Assert.Equal(Errno.Success, TryMap(file, offset, length, kind, out View? view));
        return view!;
    }

    private View Map(FakeFile file, ViewOptions options)
    {
        Assert.Equal(Errno.Success, TryMap(file, options, out View? view, out _));
        return view!;
    }

    private Errno TryMap(FakeFile file, long offset, long length, ViewKind kind, out View? view)
    {
        Errno outcome = View.TryMap(file.Space, offset, length, Options(kind), out view, out _);
        Keep(outcome, view);
        return outcome;
    }

    private Errno TryMap(FakeFile file, ViewOptions options, out View? view, out string? refusal)
    {
        Errno outcome = View.TryMap(file.Space, 0, file.SizeBytes, options, out view, out refusal);
        Keep(outcome, view);
        return outcome;
    }

    private void Keep(Errno outcome, View? view)
    {
        Assert.Equal(outcome == Errno.Success, view is not null);
        if (view is not null)
        {
            _views.Add(view);
        }
    }
}
