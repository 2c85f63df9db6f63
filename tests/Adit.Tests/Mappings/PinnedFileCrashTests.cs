using Adit.Dax.Pins;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit.Simulation;

namespace Adit.Tests.Mappings;

/// <summary>Power failures while files are stored to through pins.</summary>
public sealed class PinnedFileCrashTests
{
    private const int Page = 4096;
    private const int PageCount = 24;

    [Theory]
    [InlineData(DurabilityModel.CacheLine, 11)]
    [InlineData(DurabilityModel.CacheLine, 12)]
    [InlineData(DurabilityModel.Page, 13)]
    [InlineData(DurabilityModel.Page, 14)]
    public void Synced_stores_survive_and_no_other_bytes_are_ever_seen(DurabilityModel model, int seed) => Run(model, seed, BrokenVariant.None);

    [Theory]
    [InlineData(DurabilityModel.CacheLine, 11)]
    [InlineData(DurabilityModel.Page, 13)]
    public void New_blocks_that_are_not_zeroed_are_seen(DurabilityModel model, int seed)
    {
        Exception? failure = Record.Exception(() => Run(model, seed, BrokenVariant.SkipZeroing));
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(failure);
    }

    private static void Run(DurabilityModel model, int seed, BrokenVariant broken)
    {
        using SimulatedMedium medium = MakeMedium(model, seed);
        using Volume volume = Open(medium, broken);
        using SimulatedMedium image = medium.MakeImageMedium(seed + 1);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.SetLength(PageCount * Page);
        file.Flush();
        Random random = new(seed);
        CrashState state = new();
        long[] stored = new long[PageCount];
        long[] synced = new long[PageCount];
        HashSet<long>[] sinceSync = [.. stored.Select(_ => new HashSet<long>())];
        int images = 0;
        for (int step = 1; step <= 220; step++)
        {
            int page = random.Next(PageCount);
            switch (random.Next(10))
            {
                case < 6:
                    Store(file, page, step);
                    stored[page] = step;
                    sinceSync[page].Add(step);
                    break;
                case 6:
                    file.Write((long)page * Page, BitConverter.GetBytes((long)step));
                    stored[page] = step;
                    sinceSync[page].Add(step);
                    break;
                case 7:
                    file.Allocate((long)page * Page, Page, AllocateMode.PunchHole | AllocateMode.KeepSize);
                    stored[page] = 0;
                    sinceSync[page].Add(0);
                    break;
                default:
                    file.Flush();
                    stored.CopyTo(synced, 0);
                    Array.ForEach(sinceSync, set => set.Clear());
                    break;
            }

            if (step % 4 != 0)
            {
                continue;
            }

            medium.Capture(state);
            medium.MakeImage(state, ImageChoice.Next(random, medium.UnitCount(state)), image, mayCrash: false, random.Next());
            images++;
            using Volume left = Open(image);
            VolumeProof.Check(left);
            using AditFile survivor = left.OpenFile("/a", FileMode.Open, FileAccess.Read);
            byte[] bytes = new byte[PageCount * Page];
            Assert.Equal(bytes.Length, survivor.Read(0, bytes));
            for (int at = 0; at < PageCount; at++)
            {
                long value = BitConverter.ToInt64(bytes, at * Page);
                Assert.True(value == synced[at] || sinceSync[at].Contains(value), $"seed {seed}, step {step}, page {at}: {value}, synced {synced[at]}");
                Assert.Equal(-1, bytes.AsSpan((at * Page) + 8, Page - 8).IndexOfAnyExcept((byte)0));
            }
        }

        Assert.True(images > 40, "inconclusive");
    }

    [Fact]
    public void Store_through_a_synchronous_pin_is_reachable_after_a_flush_of_its_lines_alone()
    {
        using SimulatedMedium medium = MakeMedium(DurabilityModel.CacheLine, 21);
        using Volume volume = Open(medium);
        using SimulatedMedium image = medium.MakeImageMedium(22);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.SetLength(1 << 30);
        CrashState state = new();
        for (int i = 1; i <= 20; i++)
        {
            long offset = i * 37L * Page;
            Pin pin = file.Pin(offset, 8, PinAccess.Write | PinAccess.Sync);
            pin.WritableRef<long>() = i;
            unsafe
            {
                fixed (byte* start = pin.Span)
                {
                    medium.MarkStored(start - medium.Start, 8);
                }
            }

            medium.Fence();
            pin.Dispose();
            medium.Capture(state);
            medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, i);
            using Volume left = Open(image);
            using AditFile survivor = left.OpenFile("/a", FileMode.Open, FileAccess.Read);
            byte[] bytes = new byte[8];
            Assert.Equal(8, survivor.Read(offset, bytes));
            Assert.Equal(i, BitConverter.ToInt64(bytes));
        }
    }

    [Fact]
    public void Flush_of_a_pin_makes_its_bytes_durable_and_a_store_without_one_may_be_lost()
    {
        using SimulatedMedium medium = MakeMedium(DurabilityModel.CacheLine, 31);
        using Volume volume = Open(medium);
        using SimulatedMedium image = medium.MakeImageMedium(32);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.SetLength(Page);
        CrashState state = new();
        Pin pin = file.Pin(0, Page, PinAccess.Write);
        pin.WritableRef<long>(0) = 1;
        pin.WritableRef<long>(512) = 2;
        Assert.Equal(Interop.Errno.Success, pin.Flush(0, 8));
        medium.Capture(state);
        medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, 1);
        pin.Dispose();
        using Volume left = Open(image);
        using AditFile survivor = left.OpenFile("/a", FileMode.Open, FileAccess.Read);
        byte[] bytes = new byte[Page];
        Assert.Equal(Page, survivor.Read(0, bytes));
        Assert.Equal(1, BitConverter.ToInt64(bytes, 0));
        Assert.Equal(0, BitConverter.ToInt64(bytes, 512));
    }

    private static void Store(AditFile file, int page, long value)
    {
        using Pin pin = file.Pin((long)page * Page, 8, PinAccess.Write);
        pin.WritableRef<long>() = value;
    }

    private static SimulatedMedium MakeMedium(DurabilityModel model, int seed)
    {
        SimulatedMedium medium = new(16 << 20, model, seed);
        byte[] old = new byte[1 << 20];
        old.AsSpan().Fill(0xEE);
        for (long at = 4 << 20; at < medium.LengthBytes; at += old.Length)
        {
            medium.Write(at, old);
        }

        medium.Fence();
        Volume.Format(medium, new FormatOptions());
        return medium;
    }

    private static Volume Open(SimulatedMedium medium, BrokenVariant broken = BrokenVariant.None) => Volume.Open(
        medium, new VolumeOptions { LeaveMediumOpen = true, Store = new StoreOptions { BackgroundWork = false, Broken = broken } });
}
