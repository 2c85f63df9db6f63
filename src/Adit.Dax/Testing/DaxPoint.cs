namespace Adit.Dax.Testing;

/// <summary>Named points at which a test can hold a thread up.</summary>
internal enum DaxPoint
{
    /// <summary>A fault is about to take its entry's lock; the mapping is held shared.</summary>
    FaultBeforeLock,

    /// <summary>A fault has its entry locked and is about to ask the layout.</summary>
    FaultLocked,

    /// <summary>A fault has the layout's answer and has not used it yet.</summary>
    FaultAnswered,

    /// <summary>A write-back has chosen what to write and is about to take the first entry.</summary>
    WritebackTagged,

    /// <summary>A write-back has taken write access back and is about to fence.</summary>
    WritebackBeforeFence,

    /// <summary>A write-back is durable and about to make the entries clean.</summary>
    WritebackFenced,

    /// <summary>A layout change has the mapping alone and is about to zap.</summary>
    BreakBeforeZap,

    /// <summary>A layout change found a pin and is about to wait for it, with no lock.</summary>
    BreakBusy,

    /// <summary>Somebody is about to sleep at an entry.</summary>
    BeforeSleep,
}
