using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Tests.Fakes;
using Adit.Dax.Views;
using Adit.Interop;
using Xunit.Abstractions;

namespace Adit.Dax.Tests.Views;

/// <summary>What was stored through a view survives a loss of power once a flush has returned (C2, C3, C4, C6, C7, D1).</summary>
public sealed class ViewDurabilityTests(ITestOutputHelper output) : IDisposable
{
    private const int PageCount = 96;

    private readonly PowerLossMedium _medium = new(8 << 20);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_stores_and_flushes_lose_nothing(int seed) => RunRandomly(seed, steps: 1500);

    [Fact]
    [Trait("Tier", "long")]
    public void Many_random_stores_and_flushes_lose_nothing()
    {
        for (int seed = 100; seed < 300; seed++)
        {
            RunRandomly(seed, steps: 1500);
        }
    }

    [Fact]
    public void Stores_of_other_threads_before_a_flush_survive_it()
    {
        FakeFile file = MakeFile(PageCount);
        using View view = Map(file, ViewKind.ReadWrite);
        long[] done = new long[PageCount];
        using Crew crew = new(2, (worker, turn) =>
        {
            long page = ((turn * 2) + worker) % PageCount;
            view.WritableRef<long>(page << 12) = turn + 1;
            Volatile.Write(ref done[page], turn + 1);
        });
        for (int round = 0; round < 100; round++)
        {
            crew.WaitForTurns(1);
            long[] before = [.. Enumerable.Range(0, PageCount).Select(page => Volatile.Read(ref done[page]))];
            Assert.Equal(Errno.Success, view.Flush());
            for (int page = 0; page < PageCount; page++)
            {
                Assert.InRange(_medium.SurvivingWord(file.MediumPageOf(page)), before[page], long.MaxValue);
            }
        }

        crew.Stop();
    }

    [TrackerFact]
    public void Stores_that_race_with_a_detach_are_in_the_file_durably_or_not_at_all()
    {
        // A collapse moves blocks without writing them: what is in them when the view lets go must reach the medium by itself.
        for (int round = 0; round < 60; round++)
        {
            FakeFile file = MakeFile(PageCount);
            using View view = Map(file, ViewKind.ReadWrite);
            using Crew crew = new(2, (worker, turn) => view.WritableRef<long>((((turn * 2) + worker) % PageCount) << 12) = turn + 1);
            crew.WaitForTurns(300);
            Assert.Equal(Errno.Success, file.Collapse(new PageRange(new PageIndex(0), 1)));
            Assert.True(view.IsDetached);
            crew.WaitForTurns(10);
            crew.Stop();
            ErrorCursor errors = file.Space.OpenCursor();
            Assert.Equal(Errno.Success, file.Space.Sync(PageRange.All, ref errors));
            for (int page = 0; page < PageCount - 1; page++)
            {
                Assert.Equal(Word(file, page), _medium.SurvivingWord(file.MediumPageOf(page)));
            }

            view.Dispose();
            Assert.Equal(Errno.Success, file.Truncate(0));
        }
    }

    [Fact]
    public void Persisted_lines_survive_and_others_need_not()
    {
        FakeFile file = MakeFile(PageCount);
        Assert.Equal(Errno.Success, View.TryMap(
            file.Space, 0, file.SizeBytes, new ViewOptions { Kind = ViewKind.ReadWrite, Flags = MapFlags.Sync }, out View? view, out _));
        using (view)
        {
            view!.WritableRef<long>(5 << 12) = 1;
            view.WritableRef<long>(6 << 12) = 2;
            Assert.Equal(Errno.Success, view.Persist(5 << 12, 8));
            Assert.Equal(1, _medium.SurvivingWord(file.DurableMap[5].Page));
            Assert.Equal(0, _medium.SurvivingWord(file.DurableMap[6].Page));
            Assert.Equal(Errno.Success, view.Flush());
            Assert.Equal(2, _medium.SurvivingWord(file.DurableMap[6].Page));
        }
    }

    public void Dispose() => _medium.Dispose();

    private static long Word(FakeFile file, long page) => BitConverter.ToInt64(file.Read(page << 12, 8));

    private void RunRandomly(int seed, int steps)
    {
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        FakeFile file = MakeFile(PageCount);
        List<View> views = [];
        long stored = 0;
        int checks = 0;
        for (int step = 0; step < steps; step++)
        {
            PageIndex first = new(random.Next(PageCount));
            PageRange range = PageRange.Between(first, new PageIndex(first.Value + 1 + random.Next(PageCount - (int)first.Value)));
            View? view = views.Count == 0 ? null : views[random.Next(views.Count)];
            switch (random.Next(20))
            {
                case 0 when views.Count < 3:
                    Assert.Equal(Errno.Success, View.TryMap(
                        file.Space, range.OffsetBytes, range.LengthBytes, new ViewOptions { Kind = ViewKind.ReadWrite }, out view, out _));
                    views.Add(view!);
                    break;
                case 1 when view is not null:
                    view.Dispose();
                    views.Remove(view);
                    break;
                case 2 when random.Next(10) == 0:
                    views.ForEach(other => other.Dispose());
                    views.Clear();
                    Assert.Equal(Errno.Success, file.Punch(range));
                    break;
                case 3:
                    Assert.Equal(Errno.Success, file.Space.Pin(range.OffsetBytes, 8, PinAccess.Write, out Pin pin));
                    BitConverter.TryWriteBytes(pin.WritableSpan, ++stored);
                    pin.Dispose();
                    break;
                case 4 or 5 when view is not null:
                    PageRange part = PageRange.OfBytes(view.OffsetBytes, view.LengthBytes).Intersect(range);
                    if (!part.IsEmpty)
                    {
                        Assert.Equal(Errno.Success, view.Flush(part.OffsetBytes - view.OffsetBytes, part.LengthBytes));
                        checks += CheckSurvival(file, part);
                    }

                    break;
                case 6:
                    ErrorCursor errors = file.Space.OpenCursor();
                    Assert.Equal(Errno.Success, file.Space.Sync(range, ref errors));
                    checks += CheckSurvival(file, range);
                    break;
                default:
                    if (view is not null)
                    {
                        view.WritableRef<long>(random.NextInt64(view.LengthBytes >> 12) << 12) = ++stored;
                    }

                    break;
            }
        }

        views.ForEach(other => other.Dispose());
        Assert.Equal(Errno.Success, file.Truncate(0));
        Assert.InRange(checks, 100, int.MaxValue);
    }

    private int CheckSurvival(FakeFile file, PageRange pages)
    {
        int checks = 0;
        for (PageIndex page = pages.First; page < pages.End; page += 1)
        {
            long survives = file.DurableMap.TryGetValue(page.Value, out FakeBlock block) && !block.IsUnwritten
                ? _medium.SurvivingWord(block.Page)
                : 0;
            long shown = Word(file, page.Value);
            Assert.Equal(shown, survives);
            checks += shown != 0 ? 1 : 0;
        }

        return checks;
    }

    private FakeVolume Volume => field ??= new FakeVolume(_medium);

    private FakeFile MakeFile(long pageCount) => Volume.CreateFile(
        pageCount << 12, new AddressSpaceOptions { LeaseTime = TimeSpan.FromMilliseconds(1) });

    private static View Map(FakeFile file, ViewKind kind)
    {
        Assert.Equal(Errno.Success, View.TryMap(file.Space, 0, file.SizeBytes, new ViewOptions { Kind = kind }, out View? view, out _));
        return view!;
    }
}
