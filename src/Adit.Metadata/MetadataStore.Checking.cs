using Adit.Interop.Locking;

namespace Adit.Metadata;

public sealed partial class MetadataStore
{
    /// <summary>Keeps the published tree as it is while somebody reads it on the medium. Transactions go on, until the log is full.
    /// The caller begins none. Closing the store waits for the end.</summary>
    /// <exception cref="ObjectDisposedException">The store is closed, or about to be: its medium may go any moment.</exception>
    public RankedLock.Scope HoldCheckpoints()
    {
        RankedLock.Scope held = _checkpointLock.Enter();
        if (_isEnded)
        {
            held.Dispose();
            throw new ObjectDisposedException(nameof(MetadataStore));
        }

        return held;
    }

    /// <summary>Waits for whoever reads the published tree on the medium. None comes any more once the store has ended.</summary>
    private void WaitForReaders() => _checkpointLock.Enter().Dispose();
}
