namespace Adit.TestKit.Simulation;

/// <summary>What is about to happen on a simulated medium.</summary>
public enum SimulatedEventKind
{
    Write,
    MarkStored,
    Fence,

    /// <summary>Nothing: the test asks for a point between operations.</summary>
    Idle,
}

/// <summary>A moment at which power could fail: just before this takes effect.</summary>
/// <param name="Kind">What is about to happen.</param>
/// <param name="Number">Counts the medium's events from 1.</param>
/// <param name="OffsetBytes">Where, for a write or a mark.</param>
/// <param name="LengthBytes">How much.</param>
public readonly record struct SimulatedEvent(SimulatedEventKind Kind, long Number, long OffsetBytes, long LengthBytes);
