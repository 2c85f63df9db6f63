namespace Adit.TestKit.Simulation;

/// <summary>What a <see cref="FaultingMedium"/> can make fail.</summary>
public enum MediumCall
{
    /// <summary>Write and WriteZeros.</summary>
    Write,

    MarkStored,

    Fence,

    Reserve,
}
