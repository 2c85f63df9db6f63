using Adit.Metadata;
using Adit.TestKit.Model;

namespace Adit.TestKit.Crash.Files;

/// <summary>What a workload on files does, and how often.</summary>
public sealed record FileWorkloadOptions
{
    public required int Seed { get; init; }

    public BrokenVariant Broken { get; init; }

    public bool SyncAlways { get; init; }

    public long LogBytes { get; init; }

    /// <summary>Whether files are accessed directly, or have checksums.</summary>
    public DaxMode Dax { get; init; }

    /// <summary>Whether usage of users, groups and projects is kept, which every check proves.</summary>
    public bool Quotas { get; init; }

    /// <summary>Operations in all.</summary>
    public int Steps { get; init; } = 200;

    public OperationMix Mix { get; init; } = new();

    /// <summary>Of a hundred images, how many are checked block by block.</summary>
    public int CheckPercent { get; init; } = 40;

    /// <summary>These operations and no others, instead of random ones.</summary>
    public IReadOnlyList<FileOperation>? Script { get; init; }

    /// <summary>What was done before power may fail.</summary>
    public IReadOnlyList<FileOperation> Preparation { get; init; } = [];

    /// <summary>Sizes and rates drawn from the seed, so that sessions differ.</summary>
    public static FileWorkloadOptions Vary(int seed, BrokenVariant broken = BrokenVariant.None)
    {
        Random random = new(seed);
        return new FileWorkloadOptions
        {
            Seed = seed,
            Broken = broken,
            SyncAlways = random.Next(8) == 0,
            LogBytes = random.Next(2) == 0 ? 0 : 64 << 10,
            Dax = seed % 4 == 3 && broken == BrokenVariant.None ? DaxMode.Never : DaxMode.Inode,
            Quotas = (seed & 1) == 0,
            Steps = random.Next(50, 300),
            Mix = new OperationMix
            {
                Namespace = Pick(random, 10, 30, 60),
                Data = Pick(random, 10, 40, 80),
                Attributes = Pick(random, 2, 8, 20),
                Handles = Pick(random, 2, 8, 20),
                Reads = 2,
                Syncs = Pick(random, 2, 10, 25),
                Checkpoints = Pick(random, 1, 4, 10),
                MaxFileBytes = Pick(random, 6 << 10, 32 << 10, 100 << 10),
            },
        };
    }

    private static int Pick(Random random, params ReadOnlySpan<int> from) => from[random.Next(from.Length)];
}
