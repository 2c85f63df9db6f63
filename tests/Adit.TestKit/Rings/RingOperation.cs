namespace Adit.TestKit.Rings;

/// <summary>What a ring is asked for: IORING_OP_*.</summary>
public enum RingOperation : byte
{
    /// <summary>Reads into a registered buffer.</summary>
    ReadFixed = 4,

    /// <summary>Writes from a registered buffer.</summary>
    WriteFixed = 5,

    Read = 22,

    Write = 23,
}
