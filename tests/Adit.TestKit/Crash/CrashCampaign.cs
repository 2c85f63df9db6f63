using System.Diagnostics;
using System.Globalization;
using Adit.Metadata;
using Adit.TestKit.Crash.Files;
using Adit.TestKit.Crash.Stores;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash;

/// <summary>Many sessions of lost power, each with a volume, a workload and settings of its own, drawn from its seed.</summary>
public sealed class CrashCampaign
{
    private static readonly DurabilityModel[] Models = Enum.GetValues<DurabilityModel>();

    private readonly CrashCampaignOptions _options;
    private readonly CrashCounts _counts = new();
    private readonly List<CrashViolation> _violations = [];
    private readonly Lock _lock = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _nextSession;
    private long _nextSequence;
    private int _sessions;
    private long _images;

    private CrashCampaign(CrashCampaignOptions options)
    {
        _options = options;
        _nextSequence = options.FirstSequence;
    }

    /// <summary>Each sequence on each model.</summary>
    private long SequenceRuns => Models.Length * _options.SequenceCount;

    private bool IsOver => _options.Cancellation.IsCancellationRequested
        || Interlocked.Read(ref _images) >= _options.Images
        || (_options.Minutes > 0 && _clock.Elapsed.TotalMinutes >= _options.Minutes)
        || _violations.Count >= _options.MaxViolations;

    /// <summary>Runs to the first limit of the options.</summary>
    public static CrashCampaignResult Run(CrashCampaignOptions options)
    {
        CrashCampaign campaign = new(options);
        Thread[] threads = new Thread[Math.Max(1, options.Threads)];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(campaign.Loop, 4 << 20) { IsBackground = true, Name = "crash session" };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        return new CrashCampaignResult
        {
            Images = campaign._images,
            Sessions = campaign._sessions,
            Elapsed = campaign._clock.Elapsed,
            Violations = campaign._violations,
            Dangers = campaign._counts.ToDictionary(),
            IsComplete = campaign._sessions >= campaign.SequenceRuns,
        };
    }

    private void Loop()
    {
        while (!IsOver)
        {
            int number = Interlocked.Increment(ref _nextSession) - 1;
            if (number >= _options.Sessions)
            {
                return;
            }

            if (_options.SequenceCount == 0)
            {
                RunSession(_options.Seed + number);
            }
            else if (!TryRunEnumerated(number))
            {
                return;
            }
        }
    }

    /// <summary>Runs the next part of the enumeration, on the models in turn.</summary>
    /// <returns>False when there is none left.</returns>
    private bool TryRunEnumerated(int part)
    {
        long first = part / Models.Length * SystematicSequences.PerSession;
        if (first >= _options.SequenceCount)
        {
            return false;
        }

        CrashSessionOptions session = new()
        {
            Seed = _options.Seed,
            Model = Models[part % Models.Length],
            FenceProbability = 1,
            StoreProbability = 0.1,
            ImagesPerPoint = 3,
            Cancellation = _options.Cancellation,
            ReplayCommand = string.Create(CultureInfo.InvariantCulture, $"adit crash --systematic --seed {_options.Seed}"),
        };
        RunSequences(
            _options.AimSession?.Invoke(session) ?? session,
            _options.FirstSequence + first,
            Math.Min(SystematicSequences.PerSession, _options.SequenceCount - first));
        return true;
    }

    private void RunSession(int seed)
    {
        Random random = new(seed);
        CrashLayers layer = PickLayer(random);
        CrashSessionOptions session = new()
        {
            Seed = seed,
            Model = random.Next(2) == 0 ? DurabilityModel.CacheLine : DurabilityModel.Page,
            Images = Math.Max(1, _options.Images - Interlocked.Read(ref _images)),
            FenceProbability = random.NextDouble() * 0.6,
            StoreProbability = random.Next(3) == 0 ? 0.05 : 0.005,
            Cancellation = _options.Cancellation,
            ReplayCommand = ReplayCommand(seed),
        };
        if (layer == CrashLayers.Systematic)
        {
            session = session with { FenceProbability = 1, StoreProbability = 0.05, ImagesPerPoint = 3 };
        }

        session = _options.AimSession?.Invoke(session) ?? session;
        if (layer == CrashLayers.Systematic)
        {
            long first = Interlocked.Add(ref _nextSequence, SystematicSequences.PerSession) - SystematicSequences.PerSession;
            RunSequences(session, first, SystematicSequences.PerSession);
            return;
        }

        ICrashWorkload workload = layer == CrashLayers.Store
            ? new StoreCrashWorkload(Aim(_options.AimStore, StoreWorkloadOptions.Vary(seed, _options.Broken)))
            : new FileCrashWorkload(Aim(_options.AimFiles, FileWorkloadOptions.Vary(seed, _options.Broken)));
        using CrashRig rig = new(workload.VolumeBytes, session.Model, seed);
        CrashSession running = new(session, workload, rig, _counts);
        running.Run();
        Finish(running);
    }

    /// <summary>Sequences of the enumeration, all from one prepared volume.</summary>
    private void RunSequences(CrashSessionOptions session, long first, long count)
    {
        using SystematicSequences sequences = new(session, _options.Broken, _counts, first);
        for (long number = first; number < first + count && !IsOver && !sequences.IsStuck; number++)
        {
            Finish(sequences.Run(number));
        }
    }

    private static T Aim<T>(Func<T, T>? aim, T drawn) => aim is null ? drawn : aim(drawn);

    private CrashLayers PickLayer(Random random)
    {
        CrashLayers[] layers = [.. Enum.GetValues<CrashLayers>().Where(layer => layer != CrashLayers.All && _options.Layers.HasFlag(layer))];
        return layers[random.Next(layers.Length)];
    }

    private void Finish(CrashSession session)
    {
        lock (_lock)
        {
            _sessions++;
            _images += session.ImageCount;
            if (session.Violation is { } violation)
            {
                _violations.Add(violation);
            }

            _options.OnProgress?.Invoke(new CrashProgress(_images, _sessions, _violations.Count, _clock.Elapsed));
        }
    }

    private string ReplayCommand(int seed) => string.Create(
        CultureInfo.InvariantCulture,
        $"adit crash --seed {seed} --sessions 1{(_options.Layers == CrashLayers.All ? "" : $" --layers {_options.Layers}")}{(_options.Broken == BrokenVariant.None ? "" : $" (with {_options.Broken})")}");
}
