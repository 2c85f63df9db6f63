using Adit.Interop;
using Adit.Metadata;
using Adit.TestKit.Model;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash.Files;

/// <summary>Operations on the files and directories of a volume, random or from a script, with the model as oracle.</summary>
public sealed partial class FileCrashWorkload(FileWorkloadOptions options) : ICrashWorkload
{
    /// <summary>Operations beside one checkpoint.</summary>
    private const int MostAside = 6;

    private readonly ModelFileSystem _model = new();
    private readonly OperationGenerator _generator = new(options.Seed, options.Mix);
    private readonly RecentOperations _recent = new();
    private readonly Random _random = new(options.Seed);
    private CrashHistory<ModelState> _history = new(ModelState.Fresh);
    private Volume? _volume;
    private VolumeDriver? _driver;
    private int _step;
    private int _asideLeft;

    public long VolumeBytes => 8 << 20;

    public CrashPhase Phase { get; private set; }

    public bool HasOperationInFlight => _history.InFlight is not null;

    public int UnacknowledgedCount => _history.UnacknowledgedCount;

    /// <summary>The model now.</summary>
    public ModelState State => _model.State;

    private Volume Volume => _volume ?? throw new InvalidOperationException("not started");

    public void Start(SimulatedMedium medium)
    {
        Format(medium, options);
        Begin(medium);
        foreach (FileOperation operation in options.Preparation)
        {
            Run(operation);
        }

        Volume.Sync();
        _history.Acknowledge();
        Phase = CrashPhase.Idle;
    }

    /// <summary>Goes on with a volume that was formatted and prepared before.</summary>
    public void Resume(SimulatedMedium medium, ModelState state)
    {
        _model.Reset(state);
        _history = new CrashHistory<ModelState>(state);
        Begin(medium);
        Phase = CrashPhase.Idle;
    }

    public bool Step()
    {
        FileOperation? operation = NextOperation();
        if (operation is null)
        {
            return false;
        }

        Run(operation);
        Phase = CrashPhase.Idle;
        return true;
    }

    /// <summary>Some operations while a checkpoint is being written; none when one might have to wait for that checkpoint.</summary>
    public void StepAside()
    {
        for (int i = _random.Next(1, 4); i > 0 && _asideLeft > 0 && !MayWaitForCheckpoint(); i--)
        {
            FileOperation operation = options.Script is null
                ? _generator.Next(_model.State)
                : options.Script[_random.Next(options.Script.Count)];
            bool isOpenAgain = options.Script is not null && operation is OpenOperation;
            if (!operation.IsSync && !isOpenAgain)
            {
                _asideLeft--;
                Run(operation);
            }
        }
    }

    public void Stop()
    {
        _driver?.Dispose();
        _volume?.Abandon();
    }

    public string DescribeRecent() => $"    {options}\n{_recent}";

    internal static void Format(SimulatedMedium medium, FileWorkloadOptions options) => Volume.Format(medium, new FormatOptions
    {
        LogBytes = options.LogBytes,
        Quotas = options.Quotas,
        VolumeId = new Guid(options.Seed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    });

    private VolumeOptions VolumeOptions => new()
    {
        LeaveMediumOpen = true,
        Dax = options.Dax,
        Store = new StoreOptions
        {
            BackgroundWork = false,
            Broken = options.Broken,
            SyncAlways = options.SyncAlways,
            Time = FrozenTime.Instance,
        },
    };

    private void Begin(SimulatedMedium medium)
    {
        _volume = Volume.Open(medium, VolumeOptions);
        _driver = new VolumeDriver(_volume);
    }

    private FileOperation? NextOperation()
    {
        if (options.Script is not { } script)
        {
            return _step++ < options.Steps ? _generator.Next(_model.State) : null;
        }

        // A number may be opened once and closed once: a script that does more than that is shorter here.
        while (_step < script.Count)
        {
            FileOperation operation = script[_step++];
            if (operation is not OpenOperation open || !_model.State.Handles.ContainsKey(open.Handle))
            {
                return operation;
            }
        }

        return null;
    }

    private void Run(FileOperation operation)
    {
        ModelState before = _history.Current;
        bool isAside = Phase == CrashPhase.Checkpoint;
        if (!isAside)
        {
            _asideLeft = MostAside;
            Phase = operation switch
            {
                CheckpointOperation => CrashPhase.Checkpoint,
                { IsSync: true } => CrashPhase.Sync,
                _ => CrashPhase.Operation,
            };
        }

        _recent.Add(operation.Describe());
        ModelState start = _model.State;
        Errno expected = _model.Apply(operation);
        bool changes = !ReferenceEquals(_model.State, start);
        if (changes)
        {
            _history.Begin(_model.State);
        }

        Errno actual = _driver!.Apply(operation);
        if (actual != expected)
        {
            Diverge(operation, start, expected, actual);
        }
        else if (changes)
        {
            _history.Complete();
        }

        if (Volume.Store.CommitsAreDurable)
        {
            _history.Acknowledge();
        }
        else if (operation.IsSync && actual == Errno.Success)
        {
            _history.AcknowledgeUpTo(before);
        }
    }

    /// <summary>A volume without room is the one thing that the model does not know.</summary>
    private void Diverge(FileOperation operation, ModelState start, Errno expected, Errno actual)
    {
        if (actual != Errno.ENOSPC || _driver!.LastWrittenBytes > 0)
        {
            throw new InvalidOperationException($"{operation}: {actual}, expected {expected}");
        }

        _model.Reset(start);
        _history.Cancel();
    }

    private bool MayWaitForCheckpoint()
    {
        StoreStatistics statistics = Volume.Store.Statistics;
        long nodes = Math.Min(64 * statistics.TreeHeight, statistics.NodeCount) + 70 + statistics.TreeHeight;
        return statistics.LogUsedBytes > statistics.LogBytes / 2
            || statistics.StagedBytes > statistics.LogBytes / 32
            || statistics.FreeNodeCount < (2 * nodes) + 100
            || Volume.Store.FreeBlocks < 100
            || (options.SyncAlways && !Volume.Store.Medium.HasCheapFences);
    }
}
