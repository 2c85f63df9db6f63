using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>The classes that chunks are sorted into so that one that fits is found without looking at any other. The
/// classes of broken chunks (some blocks free, some not) are ordered by how full a chunk is, then by its longest run:
/// the lowest class that fits is the fullest chunk, and in it the tightest run.</summary>
internal static class ChunkClass
{
    /// <summary>Its line was not read yet.</summary>
    public const int Unknown = 0;
    public const int Fixed = 1;
    public const int Nodes = 2;

    /// <summary>No block is free.</summary>
    public const int Full = 3;

    /// <summary>Every block is free.</summary>
    public const int Whole = 4;

    /// <summary>Its line cannot be read: never given out.</summary>
    public const int Damaged = 5;

    public const int FirstBroken = 8;

    public const int FullnessCount = 6;

    public const int RunBinCount = 9;

    public const int Count = FirstBroken + (FullnessCount * RunBinCount);

    /// <summary>The class is in the low six bits of a chunk's byte.</summary>
    public const byte Mask = 63;

    /// <summary>The flag beside it: the host has given room for this chunk since the volume was opened.</summary>
    public const byte Hosted = 128;

    private static readonly short[] RunBinFloors = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    /// <summary>The most free blocks of a chunk, by fullness.</summary>
    private static readonly short[] FreeCeilings = [24, 64, 128, 256, 384, 511];

    private static readonly byte[] RunBins = MakeRunBins();

    /// <summary>All classes of broken chunks, as bits.</summary>
    public static ulong AllBroken { get; } = ((1UL << (FullnessCount * RunBinCount)) - 1) << FirstBroken;

    public static bool IsBroken(int chunkClass) => chunkClass >= FirstBroken;

    public static int Of(int freeCount, int longestRun) =>
        FirstBroken + (FullnessOf(freeCount) * RunBinCount) + RunBins[longestRun];

    /// <summary>The bin that a run of this length is in; other chunks of the bin may have shorter ones.</summary>
    public static int RunBinOf(int run) => RunBins[run];

    /// <summary>The shortest run that a chunk of this class has.</summary>
    public static int RunFloorOf(int chunkClass) => RunBinFloors[(chunkClass - FirstBroken) % RunBinCount];

    /// <summary>The classes of one fullness whose chunks all have a run of this length, as bits.</summary>
    public static ulong SureFits(int fullness, int run)
    {
        var bin = RunBins[run];
        if (RunBinFloors[bin] < run)
        {
            bin++;
        }

        var mask = ((1UL << RunBinCount) - 1) & (ulong.MaxValue << bin);
        return mask << (FirstBroken + (fullness * RunBinCount));
    }

    /// <summary>The classes of one run bin, of every fullness, as bits.</summary>
    public static ulong OfRunBin(int bin)
    {
        ulong mask = 0;
        for (var fullness = 0; fullness < FullnessCount; fullness++)
        {
            mask |= 1UL << (FirstBroken + (fullness * RunBinCount) + bin);
        }

        return mask;
    }

    /// <summary>The classes of one fullness, as bits.</summary>
    public static ulong OfFullness(int fullness) =>
        ((1UL << RunBinCount) - 1) << (FirstBroken + (fullness * RunBinCount));

    /// <summary>The most free blocks of a chunk of this class.</summary>
    public static int FreeCeilingOf(int chunkClass) => FreeCeilings[(chunkClass - FirstBroken) / RunBinCount];

    private static int FullnessOf(int freeCount)
    {
        var fullness = 0;
        while (freeCount > FreeCeilings[fullness])
        {
            fullness++;
        }

        return fullness;
    }

    private static byte[] MakeRunBins()
    {
        var bins = new byte[Geometry.BlocksPerChunk + 1];
        for (var run = 1; run < bins.Length; run++)
        {
            var bin = RunBinCount - 1;
            while (RunBinFloors[bin] > run)
            {
                bin--;
            }

            bins[run] = (byte)bin;
        }

        return bins;
    }
}
