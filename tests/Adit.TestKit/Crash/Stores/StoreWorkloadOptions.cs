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

    /// <summary>Of a hundred extents, how many are placed as those of large files.</summary>
    public int LargeShapePercent { get; init; } = 30;

    /// <summary>Of a hundred steps, how many free every block and take a checkpoint.</summary>
    public int SweepPercent { get; init; }

    /// <summary>Blocks taken before the first records, and freed before power may fail.</summary>
    public int InitialBlocks { get; init; }

    /// <summary>Records put before power may fail.</summary>
    public int InitialRecords { get; init; }

    /// <summary>One put of the same length in each transaction: a record left over from before a crash then lies exactly
    /// behind a new one.</summary>
    public bool IsUniform { get; init; }

    /// <summary>As many actions in a transaction as it may have, now and then.</summary>
    public bool FillsTransactions { get; init; }

    /// <summary>Begins with a transaction that fills a whole log record.</summary>
    public bool StartsLarge { get; init; }

    /// <summary>Lets the log run full before each checkpoint.</summary>
    public bool CheckpointsFullLog { get; init; }

    /// <summary>Sizes and rates drawn from the seed, so that sessions differ.</summary>
    public static StoreWorkloadOptions Vary(int seed, BrokenVariant broken = BrokenVariant.None)
    {
        Random random = new(seed);
        StoreWorkloadOptions usual = new()
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
        return random.Next(16) switch
        {
            0 or 3 => Uniform(usual),
            1 or 4 => FullLog(usual),
            2 => ManyNodes(usual),
            _ => usual,
        };
    }

    /// <summary>Records of one length, few checkpoints.</summary>
    public static StoreWorkloadOptions Uniform(StoreWorkloadOptions usual) => usual with
    {
        IsUniform = true,
        SyncAlways = false,
        MaxValueBytes = 24,
        BlockPercent = 0,
        CheckpointPercent = 1,
        SyncPercent = 20,
        LargePercent = 0,
    };

    /// <summary>A small log that runs full, with more work beside each checkpoint than is left of it.</summary>
    public static StoreWorkloadOptions FullLog(StoreWorkloadOptions usual) => usual with
    {
        CheckpointsFullLog = true,
        FillsTransactions = true,
        SyncAlways = false,
        LogBytes = 64 << 10,
        MaxValueBytes = 300,
        RecordTarget = 100,
        BlockPercent = 10,
        CheckpointPercent = 0,
        SyncPercent = 2,
    };

    /// <summary>A tree whose node chunks lie apart, with free ones between them, and epochs that change all of it.</summary>
    public static StoreWorkloadOptions ManyNodes(StoreWorkloadOptions usual) => usual with
    {
        LargeShapePercent = 0,
        InitialBlocks = 1500,
        InitialRecords = 3200,
        RecordTarget = 3600,
        MaxValueBytes = 1024,
        LogBytes = 4 << 20,
        BlockPercent = 30,
        BlockTarget = 1500,
        CheckpointPercent = 0,
        SyncPercent = 2,
        LargePercent = 0,
        FillsTransactions = true,
        StartsLarge = true,
        Steps = 60,
    };

    private static int Pick(Random random, params ReadOnlySpan<int> from) => from[random.Next(from.Length)];
}
