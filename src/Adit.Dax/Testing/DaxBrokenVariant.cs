namespace Adit.Dax.Testing;

/// <summary>Deliberate defects of the core, switched on by tests to prove that the tests would catch them.</summary>
public enum DaxBrokenVariant
{
    /// <summary>No defect.</summary>
    None,

    /// <summary>Write-back makes an entry clean before its bytes are durable.</summary>
    DirtyClearedBeforeFlush,

    /// <summary>Write-back does not take write access back: the next store is not seen.</summary>
    WriteAccessKept,

    /// <summary>A write fault does not mark the entry dirty.</summary>
    DirtyMarkSkipped,

    /// <summary>Write-back forgets what it has chosen behind the first entry.</summary>
    ToWriteLost,

    /// <summary>Write-back makes an entry clean though a pin for writing is still out.</summary>
    WritePinCleaned,

    /// <summary>A flush of a part of a huge entry makes all of it clean.</summary>
    HugeCleanedByPart,

    /// <summary>The fence at the end of a write-back is left out.</summary>
    FenceSkipped,

    /// <summary>A failed write-back is not kept for the other handles.</summary>
    ErrorForgotten,

    /// <summary>A layout change does not wait for pins.</summary>
    LayoutBreakSkipped,

    /// <summary>A layout change leaves the entries in the tree.</summary>
    EntriesKept,

    /// <summary>A layout change drops dirty entries without making them durable, though their bytes are to survive.</summary>
    DirtyDropped,

    /// <summary>Eviction does not wait for pins.</summary>
    EvictionWithoutWait,

    /// <summary>A pin is not counted.</summary>
    PinNotCounted,

    /// <summary>Zeros that were mapped stay mapped when a block appears.</summary>
    StaleZeroKept,

    /// <summary>The old page stays mapped when a shared block is copied.</summary>
    CopySourceKept,

    /// <summary>An entry stays locked when the layout answers an error.</summary>
    EntryLeftLocked,

    /// <summary>An unlock wakes nobody.</summary>
    WakeUpLost,

    /// <summary>A page entry is made beside a huge one of the same chunk.</summary>
    BothSizesLive,

    /// <summary>Synchronous write access is given before the metadata is durable.</summary>
    SyncWithoutMetadata,

    /// <summary>Write access is given while frozen.</summary>
    FreezeIgnored,

    /// <summary>What a view found stored to is not marked.</summary>
    ViewStoresLost,

    /// <summary>New blocks are not zeroed. For the layout to honour.</summary>
    ZeroingSkipped,

    /// <summary>New blocks are published before they are zeroed. For the layout to honour.</summary>
    PublishBeforeZero,
}
