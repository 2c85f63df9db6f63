using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Logging;

namespace Adit.Metadata;

/// <summary>On media whose fences are dear, committed transactions are staged; this writes them out. Whoever comes while
/// another writes waits, and then finds little left to do.</summary>
public sealed partial class MetadataStore
{
    private readonly bool _isStaged;

    /// <summary>Changed under the flush lock.</summary>
    private long _flushesStarted;

    /// <summary>Everything committed, and all data written, before the call is durable on return.</summary>
    /// <exception cref="MediumException">The medium failed: now or, in a store that has failed before, then.</exception>
    public void EnsureDurable()
    {
        if (IsReadOnly)
        {
            return;
        }

        ThrowIfFailed();
        if (!_isStaged)
        {
            Medium.Fence();
            return;
        }

        long seen = Volatile.Read(ref _flushesStarted);
        using (_flushLock.Enter())
        {
            // A flush that started after this call has written all that this call asks for.
            if (_flushesStarted == seen || _failure is not null)
            {
                FlushLocked();
            }
        }
    }

    private Errno TryEnsureDurable()
    {
        try
        {
            EnsureDurable();
            return Errno.Success;
        }
        catch (MediumException failure)
        {
            return failure.Errno;
        }
    }

    private void FlushLocked()
    {
        try
        {
            ThrowIfFailed();
            Volatile.Write(ref _flushesStarted, _flushesStarted + 1);
            StagedRecords staged;
            long freed;
            using (_transactionLock.Enter())
            {
                staged = _log.TakeStaged();
                freed = Space.SealPending();
            }

            if (_broken != BrokenVariant.RecordBeforeData)
            {
                Medium.Fence();
            }

            if (!staged.IsEmpty)
            {
                _log.WriteStaged(staged);
            }

            Space.ReleasePending(freed);
        }
        catch (MediumException failure)
        {
            Fail(failure);
            throw;
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } cause)
        {
            throw new MediumException(
                Errno.EIO, $"The volume on {Medium.Name} stopped accepting changes after a failure: {cause.Message}", cause);
        }
    }
}
