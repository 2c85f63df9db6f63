using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Space;

/// <summary>Large files lie in whole aligned chunks on volumes that were filled and emptied many times.</summary>
public sealed class AgeingTests(ITestOutputHelper output)
{
    private const int Chunks = 512;
    private const int Turnovers = 6;

    [Theory]

    // Large share of bytes, largest small file, large files from, to, writers at a time. 4 KiB blocks.
    [InlineData(0.50, 16, 256, 8192, 8)]
    [InlineData(0.80, 16, 256, 8192, 8)]
    [InlineData(0.30, 200, 256, 2048, 16)]
    [InlineData(0.95, 16, 520, 1100, 4)]
    [InlineData(0.998, 16, 256, 8192, 1)]
    public void Large_files_on_an_aged_volume_lie_in_whole_chunks(double largeShare, int smallBlocks, int largeFrom, int largeTo, int writers) =>
        AgeAndMeasure(new FileMix(largeShare, smallBlocks, (largeFrom, largeTo), writers), seed: 1, Turnovers);

    [Theory]
    [Trait("Tier", "long")]
    [InlineData(0.00, 16, 256, 8192, 8)]
    [InlineData(0.10, 16, 256, 8192, 8)]
    [InlineData(0.50, 1, 256, 8192, 1)]
    [InlineData(0.50, 64, 256, 8192, 8)]
    [InlineData(0.50, 16, 256, 8192, 8)]
    [InlineData(0.70, 250, 512, 600, 32)]
    public void Large_files_on_a_very_old_volume_lie_in_whole_chunks(double largeShare, int smallBlocks, int largeFrom, int largeTo, int writers)
    {
        for (var seed = 10; seed < 14; seed++)
        {
            AgeAndMeasure(new FileMix(largeShare, smallBlocks, (largeFrom, largeTo), writers), seed, 20);
        }
    }

    [Fact]
    public void Large_files_without_emptying_do_not()
    {
        // The control: what ages the volume here is real, and it is the emptying that mends it.
        var volume = new AgeingVolume(Chunks, 1, new FileMix(0.5, 16, (256, 8192), 8), empties: false);
        volume.Age(0.75, volume.TotalBlocks * Turnovers);

        Assert.InRange(WriteAndMeasure(volume), 0, 0.9);
    }

    private static double WriteAndMeasure(AgeingVolume volume)
    {
        var random = new Random(5);
        long huge = 0, possible = 0;
        while (possible < volume.TotalBlocks / 12)
        {
            var file = volume.WriteLarge(random.Next(2048, 8192));
            huge += file.HugeBlocks;
            possible += file.HugePossible;
        }

        return (double)huge / possible;
    }

    private void AgeAndMeasure(FileMix mix, int seed, int turnovers)
    {
        var volume = new AgeingVolume(Chunks, seed, mix, empties: true);
        volume.Age(0.75, volume.TotalBlocks * turnovers);
        var small = volume.Files.Where(file => !file.IsLarge).ToList();
        var large = volume.Files.Where(file => file.IsLarge).ToList();
        var smallExtents = small.Sum(file => (double)file.Extents(0, file.Blocks.Count).Count) / Math.Max(1, small.Count);
        var extentsPerChunk = large.Sum(file => (double)file.Extents(0, file.Blocks.Count).Count)
            / Math.Max(1, large.Sum(file => (file.Blocks.Count + 511) / 512));
        var moved = (double)volume.MovedBlocks / volume.WrittenBlocks;
        var share = WriteAndMeasure(volume);
        output.WriteLine(
            $"{mix} seed {seed}: huge share {share:F3}, extents per small file {smallExtents:F2}, "
            + $"per chunk of large files {extentsPerChunk:F2}, moved {moved:F3} of what was written, {volume.Summary}");

        Assert.InRange(share, 0.95, 1);
        Assert.InRange(smallExtents, 0, 4);
        Assert.InRange(extentsPerChunk, 0, 2.5);
        Assert.InRange(moved, 0, 0.5);
    }
}
