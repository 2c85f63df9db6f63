using System.Globalization;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash;

/// <summary>One volume, one workload, and the images of its crashes. The same seed gives the same images.</summary>
public sealed class CrashSession
{
    /// <summary>Undecided units up to which every combination is tried.</summary>
    private const int ExhaustiveUnits = 3;

    private readonly CrashSessionOptions _options;
    private readonly ICrashWorkload _workload;
    private readonly CrashCounts _counts;
    private readonly Random _random;
    private readonly CrashRig _rig;
    private readonly SimulatedMedium _medium;
    private readonly SimulatedMedium _image;
    private readonly SimulatedMedium _second;
    private readonly CrashState _state;
    private readonly CrashState _secondState;
    private bool _isAside;
    private bool _secondIsLoaded;

    public CrashSession(CrashSessionOptions options, ICrashWorkload workload, CrashRig rig, CrashCounts counts)
    {
        _options = options;
        _workload = workload;
        _counts = counts;
        _random = new Random(options.Seed);
        _rig = rig;
        _medium = rig.Medium;
        _image = rig.Image;
        _second = rig.Second;
        _state = rig.State;
        _secondState = rig.SecondState;
    }

    public long ImageCount { get; private set; }

    /// <summary>The first image that broke a promise; the session ends with it.</summary>
    public CrashViolation? Violation { get; private set; }

    private bool IsOver => Violation is not null || ImageCount >= _options.Images || _options.Cancellation.IsCancellationRequested;

    /// <summary>Works until the images are used up, a promise is broken, or the workload has no more to do.</summary>
    /// <param name="start">Makes or opens the volume; null: as the workload does.</param>
    public void Run(Action<SimulatedMedium>? start = null)
    {
        (start ?? _workload.Start)(_medium);
        _medium.OnEvent = OnEvent;
        try
        {
            while (!IsOver && _workload.Step())
            {
                _medium.Idle();
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Violation ??= Report($"the workload itself failed: {failure}");
        }
        finally
        {
            _medium.OnEvent = null;
            if (!_rig.IsStuck)
            {
                _workload.Stop();
            }
        }
    }

    private void OnEvent(SimulatedMedium medium, SimulatedEvent moment)
    {
        double probability = moment.Kind is SimulatedEventKind.Fence or SimulatedEventKind.Idle
            ? _options.FenceProbability
            : _options.StoreProbability;
        if (!IsOver && _random.NextDouble() < probability)
        {
            _rig.Checks.Run(() => TakeImages(moment));
        }

        if (!_isAside && _workload.Phase == CrashPhase.Checkpoint && _random.NextDouble() < _options.AsideProbability)
        {
            _isAside = true;
            _rig.Aside.Run(_workload.StepAside);
            _isAside = false;
        }
    }

    private void TakeImages(SimulatedEvent moment)
    {
        _medium.Capture(_state);
        int units = _medium.UnitCount(_state);
        bool isExhaustive = units <= ExhaustiveUnits;
        int images = isExhaustive ? 1 << units : _options.ImagesPerPoint;
        for (int i = 0; i < images && !IsOver; i++)
        {
            ImageChoice choice = isExhaustive ? new ImageChoice(ImageMode.Exhaustive, i) : ImageChoice.Next(_random, units);
            CheckImage(moment, choice);
        }

        if (_random.Next(8) == 0)
        {
            _medium.EvictSome(_state, _random.NextDouble() * 0.3);
        }
    }

    private void CheckImage(SimulatedEvent moment, ImageChoice choice)
    {
        bool mayCrash = _random.NextDouble() < _options.NestedProbability;
        int imageSeed = _random.Next();
        long tornBefore = _medium.TornUnitCount;
        _medium.MakeImage(_state, choice, _image, mayCrash, imageSeed);
        ImageCount++;
        Count(_medium.TornUnitCount > tornBefore);
        _secondIsLoaded = false;
        if (mayCrash)
        {
            // Unknown before it ran how many events a recovery has: few are likely, many possible.
            long at = 1 + (long)Math.Pow(_random.NextDouble() * _options.NestedReach, 2);
            _image.OnEvent = (image, nested) => TakeSecond(image, nested, at);
        }

        ImageUse use = new()
        {
            GoOn = _random.NextDouble() < _options.GoOnProbability,
            Seed = _random.Next(),
            Recovered = () => _image.OnEvent = null,
        };
        string? wrong = Check(_image, use);
        _image.OnEvent = null;
        if (wrong is not null)
        {
            Violation = Report($"{wrong}\n  crash {Describe(moment)}, image: {choice}, {_state.Lines.Count} lines undecided");
            return;
        }

        if (_secondIsLoaded)
        {
            ImageCount++;
            _counts.Add(CrashDanger.InRecovery);
            Count(isTorn: false);
            if (Check(_second, use with { Recovered = null }) is { } wrongAgain)
            {
                Violation = Report($"{wrongAgain}\n  crash in recovery, after a crash {Describe(moment)}, image: {choice}");
            }
        }
    }

    private void TakeSecond(SimulatedMedium image, SimulatedEvent nested, long at)
    {
        if (nested.Number == at)
        {
            image.Capture(_secondState);
            image.MakeImage(_secondState, ImageChoice.Next(_random, image.UnitCount(_secondState)), _second, mayCrash: false, _random.Next());
            _secondIsLoaded = true;
        }
    }

    private string? Check(SimulatedMedium image, ImageUse use)
    {
        try
        {
            return _workload.Check(image, use);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return $"checking the image threw {failure}";
        }
    }

    private void Count(bool isTorn)
    {
        _counts.Add(_options.Model == DurabilityModel.CacheLine ? CrashDanger.CacheLines : CrashDanger.Pages);
        CountIf(!_state.IsDecided, CrashDanger.Undecided);
        CountIf(isTorn, CrashDanger.Torn);
        CountIf(_workload.HasOperationInFlight, CrashDanger.OperationInFlight);
        CountIf(_workload.UnacknowledgedCount > 0, CrashDanger.Unacknowledged);
        CountIf(_workload.Phase == CrashPhase.Checkpoint, CrashDanger.InCheckpoint);
        CountIf(_workload.Phase == CrashPhase.Checkpoint && _workload.HasOperationInFlight, CrashDanger.BesideCheckpoint);
        CountIf(_workload.Phase == CrashPhase.Sync, CrashDanger.InSync);
    }

    private void CountIf(bool isMet, CrashDanger danger)
    {
        if (isMet)
        {
            _counts.Add(danger);
        }
    }

    private string Describe(SimulatedEvent moment) => string.Create(
        CultureInfo.InvariantCulture,
        $"in {_workload.Phase} before event {moment.Number} ({moment.Kind} of {moment.LengthBytes} bytes at {moment.OffsetBytes}) on {_options.Model}s");

    private CrashViolation Report(string wrong) => new(
        _options.Seed,
        ImageCount,
        $"{wrong}\n  session: {_options}\n  last operations:\n{_workload.DescribeRecent()}",
        _options.ReplayCommand);
}
