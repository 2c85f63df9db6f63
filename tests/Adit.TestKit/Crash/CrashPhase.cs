namespace Adit.TestKit.Crash;

/// <summary>What the engine is doing when power fails.</summary>
public enum CrashPhase
{
    Idle,
    Operation,
    Sync,
    Checkpoint,
    Close,
}
