using Adit.Interop.Locking;

namespace Adit.Locking;

/// <summary>Holds a lock shared until disposed.</summary>
internal readonly ref struct SharedScope
{
    private readonly RankedReaderWriterLock _lock;

    public SharedScope(RankedReaderWriterLock locked)
    {
        locked.EnterShared();
        _lock = locked;
    }

    public void Dispose() => _lock.ExitShared();
}
