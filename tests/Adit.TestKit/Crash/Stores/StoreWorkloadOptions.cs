using Adit.Metadata;

namespace Adit.TestKit.Crash.Stores;

/// <summary>What a store workload does, and how often.</summary>
public sealed record StoreWorkloadOptions
{
    public required int Seed { get; init; }

    public BrokenVariant Broken { get; init; }

    public bool SyncAlways { get; init; }

    public long LogBytes { get; init; }

    /// <summary>Transactions and syncs in all.</summary>
    public int Steps { get; init; } = 200;

    /// <summary>How many plain records to have about: more make a deeper tree.</summary>
    public int RecordTarget { get; init; } = 200;

    public int MaxValueBytes { get; init; } = 300;

    /// <summary>How many data blocks to have taken about.</summary>
    public long BlockTarget { get; init; } = 200;

    /// <summary>Of a hundred steps, how many are checkpoints.</summary>
    public int CheckpointPercent { get; init; } = 5;

    /// <summary>Of a hundred steps, how many make everything durable.</summary>
    public int SyncPercent { get; init; } = 8;

    /// <summary>Of a hundred steps, how many are about blocks and not about records alone.</summary>
    public int BlockPercent { get; init; } = 40;

    /// <summary>Of a hundred record transactions, how many fill a whole log record.</summary>
    public int LargePercent { get; init; } = 4;

    /// <summary>Sizes and rates drawn from the seed, so that sessions differ.</summary>
    public static StoreWorkloadOptions Vary(int seed, BrokenVariant broken = BrokenVariant.None)
    {
        Random random = new(seed);
        return new StoreWorkloadOptions
        {
            Seed = seed,
            Broken = broken,
            SyncAlways = random.Next(8) == 0,
            LogBytes = random.Next(3) == 0 ? 0 : 64 << 10,
            Steps = random.Next(50, 400),
            RecordTarget = Pick(random, 10, 100, 500, 1500),
            MaxValueBytes = Pick(random, 40, 300, 1024),
            BlockTarget = Pick(random, 20, 200, 600),
            CheckpointPercent = Pick(random, 0, 3, 6, 15),
            SyncPercent = Pick(random, 2, 8, 25),
            BlockPercent = Pick(random, 0, 30, 60, 90),
            LargePercent = Pick(random, 0, 3, 20),
        };
    }

    private static int Pick(Random random, params ReadOnlySpan<int> from) => from[random.Next(from.Length)];
}
