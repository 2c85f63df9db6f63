using Adit.Interop;
using Adit.Metadata.Superblocks;
using Adit.Metadata.Transactions;
using Adit.Format;

namespace Adit.Metadata;

/// <summary>Records that follow from others, and the features that say so to other builds.</summary>
public sealed partial class MetadataStore
{
    // Both change with the transaction lock held.
    private IDerivedRecords? _derived;
    private int _derivedOperations;

    // Changes with the checkpoint lock held.
    private ulong _readOnlyCompatible;

    /// <summary>From the next transaction on, each commit asks for what follows from it; null: none does.</summary>
    public void Derive(IDerivedRecords? derived)
    {
        using (_transactionLock.Enter())
        {
            DeriveWithin(derived);
        }
    }

    /// <summary>The same, for the holder of a transaction: from its own commit on.</summary>
    public void DeriveWithin(IDerivedRecords? derived)
    {
        _derived = derived;
        _derivedOperations = derived is null ? 0 : Transaction.DerivedOperations;
    }

    /// <summary>Changes which features a build must know before it writes the volume. Durable on return.</summary>
    /// <param name="set">Features that this build knows; from now on others refuse to write.</param>
    /// <param name="clear">Features of which nothing is left.</param>
    /// <returns>EROFS on a read-only store, EIO when the medium fails or has failed.</returns>
    public Errno ChangeFeatures(ulong set, ulong clear)
    {
        Invariant.That(((set | clear) & ~FormatVersion.KnownReadOnlyCompatible) == 0, "a build changes only features that it knows");
        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        using (_checkpointLock.Enter())
        {
            if (_failure is not null || _isEnded)
            {
                return Errno.EIO;
            }

            ulong features = (_readOnlyCompatible | set) & ~clear;
            if (features == _readOnlyCompatible)
            {
                return Errno.Success;
            }

            _readOnlyCompatible = features;
            Errno errno = TryCheckpointLocked(SuperblockFlags.None, publishesAlways: true);
            if (errno == Errno.Success)
            {
                Identity = Identity with { ReadOnlyCompatibleFeatures = features };
            }

            return errno;
        }
    }
}
