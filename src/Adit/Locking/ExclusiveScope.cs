using Adit.Interop.Locking;

namespace Adit.Locking;

/// <summary>Holds a lock exclusively until disposed.</summary>
internal readonly ref struct ExclusiveScope
{
    private readonly RankedReaderWriterLock _lock;

    public ExclusiveScope(RankedReaderWriterLock locked)
    {
        locked.EnterExclusive();
        _lock = locked;
    }

    public void Dispose() => _lock.ExitExclusive();
}
