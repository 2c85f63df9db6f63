using Adit.Dax.Layouts;
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

    private sealed class CountingSource : IPageSource
    {
        private readonly List<long> _calls = [];

        public Errno Outcome { get; set; }

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
            page.Fill((byte)(offsetBytes / Page));
            return Outcome;
        }
    }
}
