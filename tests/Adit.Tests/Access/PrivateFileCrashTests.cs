using Adit.Checking;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit.Simulation;

namespace Adit.Tests.Access;

/// <summary>Loss of power under files with checksums, where the model of the crash campaign has no such operation, or allows more.</summary>
public sealed class PrivateFileCrashTests
{
    private const int Block = 4096;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Moved_and_overwritten_blocks_are_all_old_or_all_new_with_their_checksums(int seed)
    {
        using SimulatedMedium medium = new(16 << 20, DurabilityModel.Page, seed);
        Volume.Format(medium, new FormatOptions());
        medium.Fence();
        using Volume volume = Open(medium);
        using SimulatedMedium image = medium.MakeImageMedium(seed + 1);
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        List<byte[]> possible = [Bytes.Of(150 * Block, seed)];
        file.Write(0, possible[0]);
        file.Flush();
        Random random = new(seed);
        CrashState state = new();
        int images = 0;
        int older = 0;
        for (int step = 0; step < 60; step++)
        {
            possible.Add(Change(file, possible[^1], random, step));
            if (random.Next(4) == 0)
            {
                file.Flush();
                possible.RemoveRange(0, possible.Count - 1);
            }

            for (int i = 0; i < 2; i++)
            {
                medium.Capture(state);
                medium.MakeImage(state, ImageChoice.Next(random, medium.UnitCount(state)), image, mayCrash: false, random.Next());
                images++;
                byte[] survived;
                using (Volume left = Open(image))
                {
                    survived = Bytes.ReadAll(left, "/a");
                }

                int which = possible.FindIndex(content => content.AsSpan().SequenceEqual(survived));
                Assert.True(which >= 0, $"seed {seed}, step {step}: {survived.Length} bytes that the file never had");
                older += which < possible.Count - 1 ? 1 : 0;
                CheckReport report = VolumeChecker.Check(image);
                Assert.True(report.IsSound, $"seed {seed}, step {step}: {string.Join('\n', report.Findings)}");
                Assert.True(report.VerifiedBlocks > 0);
            }
        }

        Assert.True(images > 50 && older > 5, $"inconclusive: {older} of {images} images were of an older state");
    }

    private static byte[] Change(AditFile file, byte[] content, Random random, int step)
    {
        int at = random.Next(1, (content.Length / Block) - 20);
        int count = random.Next(1, 12);
        switch (random.Next(4))
        {
            case 0 when content.Length > 60 * Block:
                file.Allocate((long)at * Block, count * Block, AllocateMode.CollapseRange);
                return [.. content[..(at * Block)], .. content[((at + count) * Block)..]];
            case 1 when content.Length < 300 * Block:
                file.Allocate((long)at * Block, count * Block, AllocateMode.InsertRange);
                return [.. content[..(at * Block)], .. new byte[count * Block], .. content[(at * Block)..]];
            default:
                // Within what one record switches: all or nothing.
                byte[] written = Bytes.Of((count * Block) - random.Next(Block), step);
                int offset = (at * Block) + random.Next(Block);
                file.Write(offset, written);
                byte[] changed = [.. content];
                written.CopyTo(changed, offset);
                return changed;
        }
    }

    private static Volume Open(SimulatedMedium medium) => Volume.Open(medium, new VolumeOptions
    {
        LeaveMediumOpen = true,
        Dax = DaxMode.Never,
        Store = new StoreOptions { BackgroundWork = false },
    });
}
