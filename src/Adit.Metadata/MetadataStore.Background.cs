using Adit.Interop;
using Adit.Media;

namespace Adit.Metadata;

/// <summary>What the store does of its own accord. Failures are kept in <see cref="Failure"/>, where the next caller meets them.</summary>
public sealed partial class MetadataStore
{
    internal TimeSpan BackgroundPeriod => _isStaged ? Options.CommitInterval : Options.CheckpointInterval;

    /// <summary>Counters, for people and tests.</summary>
    public StoreStatistics Statistics
    {
        get
        {
            using (_transactionLock.Enter())
            {
                return new StoreStatistics(
                    Tree.Epoch, _log.SizeBytes, _log.UsedBytes, _log.NextSequence, Tree.RootLevel + 1, _nodes.LiveCount,
                    _nodes.FreeCount, _checkpointCount, _transactionCount, _recoveredCount,
                    (long)(_log.Tail - _log.Written));
            }
        }
    }

    /// <summary>The store refuses changes from now on, and says why.</summary>
    internal void KeepFailure(Exception cause) => Fail(cause);

    internal void CommitInBackground()
    {
        if (!_isStaged)
        {
            return;
        }

        try
        {
            EnsureDurable();
        }
        catch (MediumException failure)
        {
            Fail(failure);
        }
    }

    internal void CheckpointInBackground()
    {
        Errno outcome = Checkpoint();
        Invariant.That(outcome == Errno.Success || _failure is not null || _isEnded, "a failed checkpoint leaves its cause");
    }
}
