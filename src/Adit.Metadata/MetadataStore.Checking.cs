using Adit.Interop.Locking;

namespace Adit.Metadata;

public sealed partial class MetadataStore
{
    /// <summary>Keeps the published tree as it is while somebody reads it on the medium. Transactions go on, until the log is full.
    /// The caller begins none.</summary>
    public RankedLock.Scope HoldCheckpoints() => _checkpointLock.Enter();
}
