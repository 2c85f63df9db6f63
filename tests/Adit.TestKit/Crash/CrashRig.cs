using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash;

/// <summary>The media and threads of a session, used again by the next one where that saves time.</summary>
public sealed class CrashRig : IDisposable
{
    private readonly SimulatedMedium? _base;

    /// <summary>A fresh medium.</summary>
    public CrashRig(long volumeBytes, DurabilityModel model, int seed)
    {
        Medium = new SimulatedMedium(volumeBytes, model, seed);
        Image = Medium.MakeImageMedium(seed);
        Second = Medium.MakeImageMedium(seed);
    }

    /// <summary>A medium that starts as an image of another, which the rig then owns.</summary>
    public CrashRig(SimulatedMedium from, int seed)
    {
        _base = from;
        Medium = from.MakeImageMedium(seed);
        Image = from.MakeImageMedium(seed);
        Second = from.MakeImageMedium(seed);
    }

    /// <summary>What the workload works on.</summary>
    public SimulatedMedium Medium { get; }

    /// <summary>What a crash leaves of it.</summary>
    public SimulatedMedium Image { get; }

    /// <summary>What a crash in the recovery of that leaves.</summary>
    public SimulatedMedium Second { get; }

    internal CrashState State { get; } = new();

    internal CrashState SecondState { get; } = new();

    /// <summary>Work did not end, and may still change the media: nothing that is found with them counts any more.</summary>
    public bool IsStuck => Checks.IsStuck || Aside.IsStuck;

    internal CheckThread Checks { get; } = new("crash image check");

    internal CheckThread Aside { get; } = new("work beside a checkpoint");

    /// <summary>Takes the medium back to what the other one holds durably.</summary>
    public void Rewind(int seed)
    {
        SimulatedMedium from = _base ?? throw new InvalidOperationException("the medium started empty");
        from.Capture(State);
        from.MakeImage(State, new ImageChoice(ImageMode.AllOld), Medium, mayCrash: true, seed);
    }

    public void Dispose()
    {
        Checks.Dispose();
        Aside.Dispose();
        if (IsStuck)
        {
            // Unmapping what a thread still reads would end the process and the report with it.
            return;
        }

        Second.Dispose();
        Image.Dispose();
        Medium.Dispose();
        _base?.Dispose();
    }
}
