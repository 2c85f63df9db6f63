using Adit.Format;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash.Stores;

/// <summary>Random transactions directly on a metadata store: records of all sizes, extents with data behind them, frees,
/// checkpoints and syncs.</summary>
public sealed partial class StoreCrashWorkload(StoreWorkloadOptions options) : ICrashWorkload
{
    /// <summary>The records' own inodes; those that the store numbers stay far below.</summary>
    private const ulong FirstInode = 1UL << 40;

    private const int InodeCount = 40;

    private const int PreparationEpoch = 20;

    /// <summary>Transactions beside one checkpoint.</summary>
    private const int MostAside = 8;

    private readonly Random _random = new(options.Seed);
    private readonly CrashHistory<StoreState> _history = new(StoreState.Empty);
    private readonly RecentOperations _recent = new();
    private readonly KeyBag _keys = new();
    private readonly KeyBag _extents = new();
    private readonly List<BlockExtent> _reserved = [];
    private MetadataStore? _store;
    private int _step;
    private int _asideLeft;
    private ulong _nextSeed = (ulong)(uint)options.Seed << 24;

    public long VolumeBytes => options.InitialRecords > 0 ? 48 << 20 : 8 << 20;

    public CrashPhase Phase { get; private set; }

    public bool HasOperationInFlight => _history.InFlight is not null;

    public int UnacknowledgedCount => _history.UnacknowledgedCount;

    /// <summary>Transactions that the store refused for want of space.</summary>
    public int NoSpaceCount { get; private set; }

    public int CommitCount { get; private set; }

    private MetadataStore Store => _store ?? throw new InvalidOperationException("not started");

    public void Start(SimulatedMedium medium)
    {
        MetadataStore.Format(medium, new FormatOptions
        {
            LogBytes = options.LogBytes,
            VolumeId = new Guid(options.Seed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        });
        _store = MetadataStore.Open(medium, StoreOptions);
        Prepare();

        Phase = CrashPhase.Idle;
    }

    /// <summary>Blocks first, so that the tree has to reach around them; then the blocks go. Small epochs, so that no more nodes
    /// are set aside than the tree has need of.</summary>
    private void Prepare()
    {
        while (_history.Current.TakenBlocks < options.InitialBlocks)
        {
            PlaceExtent(NewExtentKey());
        }

        while (_history.Current.Records.Count < options.InitialRecords)
        {
            ChangeRecords(isLarge: false);
            if (CommitCount % PreparationEpoch == 0)
            {
                Checkpoint();
            }
        }

        if (options.InitialRecords > 0)
        {
            Sweep();
        }
    }

    public bool Step()
    {
        if (_step++ == options.Steps)
        {
            return false;
        }

        int choice = _random.Next(100);
        if (_step == 1 && options.StartsLarge)
        {
            ChangeRecords(isLarge: true);
        }
        else if ((choice -= options.CheckpointPercent) < 0 || (options.CheckpointsFullLog && IsLogFull()))
        {
            Checkpoint();
        }
        else if ((choice -= options.SyncPercent) < 0)
        {
            Sync();
        }
        else if ((choice -= options.SweepPercent) < 0)
        {
            Sweep();
        }
        else if (_random.Next(100) < options.BlockPercent)
        {
            ChangeBlocks();
        }
        else
        {
            ChangeRecords(isLarge: _random.Next(100) < options.LargePercent);
        }

        Phase = CrashPhase.Idle;
        return true;
    }

    /// <summary>Some transactions while a checkpoint is being written; none when one might have to wait for that checkpoint.</summary>
    public void StepAside()
    {
        for (int i = _random.Next(1, MostAside); i > 0 && _asideLeft > 0 && !MayWaitForCheckpoint(); i--)
        {
            _asideLeft--;
            if (_random.Next(100) < options.BlockPercent / 2)
            {
                ChangeBlocks();
            }
            else
            {
                ChangeRecords(isLarge: false);
            }
        }
    }

    private bool MayWaitForCheckpoint()
    {
        StoreStatistics statistics = Store.Statistics;
        long nodes = Math.Min(64 * statistics.TreeHeight, statistics.NodeCount) + 70 + statistics.TreeHeight;
        return statistics.LogUsedBytes > statistics.LogBytes / 2
            || statistics.StagedBytes > statistics.LogBytes / 32
            || statistics.FreeNodeCount < (2 * nodes) + 100
            || (options.SyncAlways && !Store.Medium.HasCheapFences);
    }

    public void Stop() => _store?.Abandon();

    public string DescribeRecent() => $"    {options}\n{_recent}";

    private StoreOptions StoreOptions => new()
    {
        BackgroundWork = false,
        Broken = options.Broken,
        SyncAlways = options.SyncAlways,
        Time = FrozenTime.Instance,
    };

    private void Checkpoint()
    {
        _recent.Add("checkpoint");
        StoreState before = _history.Current;
        _asideLeft = MostAside;
        Phase = CrashPhase.Checkpoint;
        Errno outcome = Store.Checkpoint();
        if (outcome != Errno.Success)
        {
            throw new InvalidOperationException($"checkpoint: {outcome}");
        }

        _history.AcknowledgeUpTo(before);
    }

    /// <summary>When the log is so full that the next transaction might have to make room itself.</summary>
    private bool IsLogFull()
    {
        StoreStatistics statistics = Store.Statistics;
        return statistics.LogUsedBytes + (statistics.LogBytes / 8) + 2048 > statistics.LogBytes;
    }

    private void Sync()
    {
        _recent.Add("sync");
        Phase = CrashPhase.Sync;
        Store.EnsureDurable();
        _history.Acknowledge();
    }

    /// <summary>Runs a transaction; what fills it says which state it leads to.</summary>
    private void Commit(string what, TransactionSize size, Func<Transaction, StoreState> fill)
    {
        if (Phase != CrashPhase.Checkpoint)
        {
            Phase = CrashPhase.Operation;
        }

        Errno outcome = Store.Begin(out Transaction transaction, size);
        if (outcome == Errno.ENOSPC)
        {
            _recent.Add($"{what}: no space");
            NoSpaceCount++;
            GiveBack();
            return;
        }

        if (outcome != Errno.Success)
        {
            throw new InvalidOperationException($"{what}: begin: {outcome}");
        }

        _history.Begin(fill(transaction));
        _reserved.Clear();
        _recent.Add(what);
        transaction.Commit();
        _history.Complete();
        CommitCount++;
        if (Store.CommitsAreDurable)
        {
            _history.Acknowledge();
        }
    }

    private void GiveBack()
    {
        foreach (BlockExtent extent in _reserved)
        {
            Store.Space.Return(extent);
        }

        _reserved.Clear();
    }

    private InodeNumber SomeInode() => new(FirstInode + (ulong)_random.Next(InodeCount));
}
