using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Transactions;
using Adit.Quotas;

namespace Adit;

/// <summary>Turning quotas on and off.</summary>
public sealed partial class Volume
{
    /// <summary>Whoever turns quotas on or off does it alone.</summary>
    private readonly Lock _quotaSwitch = new();

    private QuotaCounter? _quotaCounter;

    /// <summary>Turns quotas on: counts what everybody has, beside whatever else goes on, and from then on keeps it and lets limits bind. A count
    /// that a crash, a close or a cancellation interrupts goes on by itself while the volume is open for writing. Harmless when they are on.</summary>
    /// <param name="progress">Told the share counted, 0 to 1.</param>
    /// <param name="token">Ends the waiting; the count goes on in the background.</param>
    /// <exception cref="AditException">EROFS, ENOSPC, EIO; EOPNOTSUPP: previews are refused.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void TurnQuotasOn(IProgress<double>? progress = null, CancellationToken token = default)
    {
        ThrowUnless(CheckWritable(), "turn quotas on", null);
        if (RefusesPreviews)
        {
            throw new AditException(Errno.ENOTSUP, "turn quotas on", null, $"'{VolumeFeatures.Quotas}' is a preview, and previews are refused.");
        }

        lock (_quotaSwitch)
        {
            ThrowUnless(Guard(BeginCounting), "turn quotas on", null);
        }

        while (_context.Quotas.IsCounting)
        {
            token.ThrowIfCancellationRequested();
            ThrowUnless(Guard(CountSomeQuotas), "turn quotas on", null);
            progress?.Report(GetQuotaStatus().CountedShare);
        }

        Sync();
    }

    /// <summary>Turns quotas off: nothing is counted and nothing limited any more. Harmless when they are off.</summary>
    /// <param name="forgetsLimits">Limits and times of grace go, too, and builds that know no quotas may write the volume again. Else they are
    /// there when quotas are turned on again.</param>
    /// <exception cref="AditException">EROFS, ENOSPC, EIO.</exception>
    public void TurnQuotasOff(bool forgetsLimits = false)
    {
        ThrowUnless(CheckWritable(), "turn quotas off", null);
        lock (_quotaSwitch)
        {
            ThrowUnless(Guard(() => EndQuotas(forgetsLimits)), "turn quotas off", null);
        }

        Sync();
    }

    private QuotaCounter QuotaCounter => _quotaCounter ??= new QuotaCounter(_context.Store, _context.Quotas);

    private Errno BeginCounting()
    {
        QuotaSetting setting = _context.Quotas.Setting;
        if (setting.State != QuotaState.Off)
        {
            return Errno.Success;
        }

        // Before anything is there that another build would not keep in step.
        Errno errno = ChangeFeatures(FormatVersion.Quotas, 0);
        if (errno == Errno.Success)
        {
            errno = ClearQuotas(forgetsLimits: false);
        }

        setting.State = QuotaState.Counting;
        setting.Cursor = InodeNumber.Root.Value;
        return errno == Errno.Success ? PutQuotaSetting(setting) : errno;
    }

    private Errno EndQuotas(bool forgetsLimits)
    {
        QuotaSetting setting = _context.Quotas.Setting;
        Errno errno = Errno.Success;
        if (setting.State != QuotaState.Off)
        {
            setting.State = QuotaState.Off;
            setting.Cursor = 0;
            errno = PutQuotaSetting(setting);
        }

        if (!forgetsLimits || errno != Errno.Success)
        {
            return errno;
        }

        errno = ClearQuotas(forgetsLimits: true);
        if (errno == Errno.Success)
        {
            using ChangeScope scope = new(_namespace, _context.Freezing);
            errno = _context.Store.Begin(out Transaction transaction, TransactionSize.Freeing);
            if (errno == Errno.Success)
            {
                using TransactionScope open = new(transaction);
                transaction.Delete(QuotaSetting.Key);
                transaction.Commit();
            }
        }

        return errno == Errno.Success ? ChangeFeatures(0, FormatVersion.Quotas) : errno;
    }

    /// <summary>Writes the superblock, and so waits while the volume is frozen.</summary>
    private Errno ChangeFeatures(ulong set, ulong clear)
    {
        using ChangeScope scope = new(_namespace, _context.Freezing);
        return _context.Store.ChangeFeatures(set, clear);
    }

    private Errno PutQuotaSetting(QuotaSetting setting)
    {
        using ChangeScope scope = new(_namespace, _context.Freezing);
        Errno errno = _context.Store.Begin(out Transaction transaction, TransactionSize.Freeing);
        if (errno == Errno.Success)
        {
            using TransactionScope open = new(transaction);
            _context.Quotas.PutWithin(transaction, in setting);
            transaction.Commit();
        }

        return errno;
    }

    private Errno ClearQuotas(bool forgetsLimits)
    {
        TreeKey next = QuotaRecord.FirstKey;
        bool isDone = false;
        Errno errno = Errno.Success;
        while (!isDone && errno == Errno.Success)
        {
            using ChangeScope scope = new(_namespace, _context.Freezing);
            errno = QuotaCounter.ClearStep(ref next, forgetsLimits, out isDone);
        }

        return errno;
    }

    private Errno CountSomeQuotas()
    {
        using ChangeScope scope = new(_namespace, _context.Freezing);
        return _isClosed ? Errno.EBADF : QuotaCounter.CountStep();
    }

    /// <summary>Goes on with a count that was interrupted.</summary>
    private void GoOnCounting(TimeSpan budget)
    {
        long started = _context.Store.Options.Time.GetTimestamp();
        while (_context.Quotas.IsCounting && !IsFrozen && CountSomeQuotas() == Errno.Success
            && _context.Store.Options.Time.GetElapsedTime(started) < budget)
        {
        }
    }
}
