using System.Buffers;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Sources;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;

namespace Adit.Dax.Tests;

public sealed class PageSourceTests
{
    private const int Page = PageIndex.PageBytes;

    [Fact]
    public void First_access_of_an_absent_page_asks_the_source_once()
    {
        using MappedFile file = new();
        CountingSource source = new();
        using IDisposable registration = file.Space.RegisterSource(new PageRange(new PageIndex(2), 4), source);
        Racer.Run(6, _ => Assert.Equal(3, file.Load(3 * Page)));
        Assert.Equal(1, source.CallsFor(3));
        Assert.Equal(3, file.File.Read(3 * Page, 1)[0]);
        Assert.Equal(0, file.Load(6 * Page));
        Assert.Equal(-1, file.File.MediumPageOf(6));
        Assert.Equal(1, file.Space.ReadStatistics().SourceFills);
    }

    [Fact]
    public void Zeros_beside_the_range_of_a_source_are_not_mapped_over_it()
    {
        using MappedFile file = new();
        CountingSource source = new();
        using IDisposable registration = file.Space.RegisterSource(new PageRange(new PageIndex(2), 4), source);
        Assert.Equal(0, file.Load(100 * Page));
        Assert.Equal(3, file.Load(3 * Page));
        Assert.Equal(0, file.Load(101 * Page));
        Assert.Equal(1, source.CallsFor(3));
    }

    [Fact]
    public void Store_to_an_absent_page_is_over_the_bytes_of_the_source()
    {
        using MappedFile file = new();
        CountingSource source = new();
        using IDisposable registration = file.Space.RegisterSource(new PageRange(new PageIndex(2), 4), source);
        Assert.Equal(Errno.Success, file.Space.Pin(0, 8 * Page, PinAccess.Write, out Pin pin));
        Assert.Equal(5, pin.SegmentAt((5 * Page) + 1)[0]);
        Assert.Equal(0, pin.SegmentAt(Page)[0]);
        Assert.Equal(0, pin.SegmentAt(6 * Page)[0]);
        pin.Dispose();
        Assert.Equal(1, source.CallsFor(2));
        Assert.Equal(0, source.CallsFor(6));
    }

    [Fact]
    public void Failure_of_the_source_is_the_accessors_and_the_page_stays_absent()
    {
        using MappedFile file = new();
        CountingSource source = new() { Outcome = Errno.ETIMEDOUT };
        using IDisposable registration = file.Space.RegisterSource(new PageRange(default, 4), source);
        Assert.Equal(Errno.ETIMEDOUT, file.Space.Pin(0, 1, PinAccess.Read, out _));
        Assert.Equal(-1, file.File.MediumPageOf(0));
        source.Outcome = Errno.Success;
        Assert.Equal(0, file.Load(0));
        Assert.Equal(2, source.CallsFor(0));
    }

    [Fact]
    public void Zeros_mapped_before_the_source_came_are_asked_for_again()
    {
        using MappedFile file = new();
        Assert.Equal(0, file.Load(3 * Page));
        using (file.Space.RegisterSource(new PageRange(new PageIndex(2), 4), new CountingSource()))
        {
            Assert.Equal(3, file.Load(3 * Page));
        }

        Assert.Equal(0, file.Load(4 * Page));
    }

    [Fact]
    public void Page_of_a_durable_source_survives_as_soon_as_it_can_be_accessed()
    {
        using CrashRig rig = new(commitsAreDurable: false);
        using IDisposable registration = rig.Space.RegisterSource(new PageRange(default, 4), new CountingSource(), isDurable: true);
        Assert.Equal(1, rig.Load(Page));
        Assert.Equal(1, rig.Survivor(1)[0]);
    }

    [Fact]
    public void Zeros_that_are_read_while_a_page_is_filled_give_way_to_it_when_the_source_ends_meanwhile()
    {
        using MappedFile file = new();
        using ManualResetEventSlim isFilling = new();
        using ManualResetEventSlim mayGoOn = new();
        IDisposable registration = file.Space.RegisterSource(new PageRange(default, 8), new CountingSource
        {
            BeforeFill = () =>
            {
                isFilling.Set();
                Assert.True(mayGoOn.Wait(10_000));
            },
        });
        Racer<byte> first = Racer.Start(() => file.Load(3 * Page));
        Assert.True(isFilling.Wait(10_000));
        registration.Dispose();
        Assert.Equal(0, file.Load(3 * Page));
        mayGoOn.Set();
        Assert.Equal(3, first.Join());
        Assert.Equal(3, file.Load(3 * Page));
    }

    [Fact]
    public void What_a_source_leaves_of_a_page_is_zeros()
    {
        using MappedFile file = new();
        byte[] used = ArrayPool<byte>.Shared.Rent(Page);
        used.AsSpan().Fill(0xEE);
        ArrayPool<byte>.Shared.Return(used);
        using IDisposable registration = file.Space.RegisterSource(new PageRange(default, 8), new CountingSource { FilledBytes = 100 });
        Assert.Equal(3, file.Load((3 * Page) + 99));
        Assert.Equal(0, file.Load((3 * Page) + 100));
        Assert.Equal(0, file.Load((4 * Page) - 1));
    }

    [Fact]
    public void Source_is_refused_where_sources_are_not_allowed()
    {
        using MappedFile file = new(new AddressSpaceOptions { AllowsSources = false });
        Assert.Throws<NotSupportedException>(() => file.Space.RegisterSource(new PageRange(default, 8), new CountingSource()));
        Assert.False(file.Space.HasSources);
    }

    private sealed class CountingSource : IPageSource
    {
        private readonly List<long> _calls = [];

        public Errno Outcome { get; set; }

        public Action? BeforeFill { get; init; }

        public int FilledBytes { get; init; } = Page;

        public int CallsFor(long page)
        {
            lock (_calls)
            {
                return _calls.Count(call => call == page);
            }
        }

        public Errno Fill(long offsetBytes, Span<byte> page)
        {
            lock (_calls)
            {
                _calls.Add(offsetBytes / Page);
            }

            Thread.Sleep(5);
            BeforeFill?.Invoke();
            page[..FilledBytes].Fill((byte)(offsetBytes / Page));
            return Outcome;
        }
    }
}
