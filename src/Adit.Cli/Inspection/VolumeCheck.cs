using System.Diagnostics;
using Adit.Checking;
using Adit.Cli.CommandLine;
using Adit.Cli.Commands;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Checking;
using Adit.Metadata.Superblocks;
using Adit.Metadata.Transactions;

namespace Adit.Cli.Inspection;

/// <summary>Runs the checker for the command line.</summary>
internal static class VolumeCheck
{
    private const int MaxTries = 50;

    /// <summary>Checks, and repairs if asked, a volume that no process has open.</summary>
    public static FsckReport RunClosed(VolumeOperand operand, bool repair, ICheckListener listener)
    {
        VolumeAccess.RefuseDeadMount(operand);
        var started = Stopwatch.StartNew();
        var path = operand.VolumePath;
        MediumKind? kind = SuperblockPeek.TryRead(path, out var superblock) ? (MediumKind)superblock.MediumKind : null;
        using var medium = MediumFactory.Open(path, new MediumOptions { Kind = kind, ReadOnly = !repair });
        if (!repair)
        {
            return Report(path, VolumeChecker.Check(medium, Options(listener)), remaining: null, started);
        }

        var report = VolumeRepairer.Repair(medium, Options(listener));
        return Report(path, report.Before, report.After.FindingCount, started) with { Actions = report.Actions };
    }

    /// <summary>Checks the volume that this process has open. It stands still meanwhile: reads go on, changes wait.</summary>
    public static FsckReport RunOpen(Volume volume, ICheckListener listener)
    {
        var started = Stopwatch.StartNew();
        var name = volume.Store.Medium.Name;
        if (volume.IsReadOnly)
        {
            return Report(name, VolumeChecker.Check(volume.Store, Options(listener)), remaining: null, started);
        }

        var transaction = StandStill(volume);
        try
        {
            return Report(name, VolumeChecker.Check(volume.Store.Medium, Options(listener)), remaining: null, started);
        }
        finally
        {
            transaction.Abort();
        }
    }

    /// <summary>Holds a transaction that keeps all others, and checkpoints, away, at a moment when the log is empty: what is on the
    /// medium is then all there is.</summary>
    private static Transaction StandStill(Volume volume)
    {
        for (var attempt = 0; attempt < MaxTries; attempt++)
        {
            volume.CheckpointNow();
            var outcome = volume.Store.Begin(out var transaction, TransactionSize.Freeing);
            if (outcome != Errno.Success)
            {
                throw new CommandFailure($"{volume.Store.Medium.Name} cannot be checked: {outcome.Message()}", CommandFailure.ExitCodeOf(outcome), outcome);
            }

            using (var fixedParts = new StructureChecker(volume.Store.Medium, new FindingLog(keepAtMost: 0)))
            {
                if (!fixedParts.ReadFixedParts() || fixedParts.LoggedTransactions == 0)
                {
                    return transaction;
                }
            }

            transaction.Abort();
        }

        throw new CommandFailure(
            $"{volume.Store.Medium.Name} is changed all the time; stop its users for a moment, or unmount it to check it", ExitCode.Busy, Errno.EBUSY);
    }

    private static CheckOptions Options(ICheckListener listener) => new()
    {
        OnFinding = finding => listener.Finding(ToReport(finding)),
        OnAction = listener.Action,
        Progress = new Relay(listener),
    };

    private static FindingReport ToReport(Finding finding) => new(finding.Kind.ToString(), finding.Where, finding.Expected, finding.Found);

    private static FsckReport Report(string volume, CheckReport report, long? remaining, Stopwatch started) => new()
    {
        Volume = volume,
        Clean = (remaining ?? report.FindingCount) == 0,
        Inodes = report.InodeCount,
        Directories = report.DirectoryCount,
        Entries = report.EntryCount,
        FindingCount = report.FindingCount,
        Remaining = remaining ?? report.FindingCount,
        HasLoss = report.HasLoss,
        Seconds = Math.Round(started.Elapsed.TotalSeconds, 3),
    };

    /// <summary>Passes progress on a few times a second, on the thread that reports it.</summary>
    private sealed class Relay(ICheckListener listener) : IProgress<CheckProgress>
    {
        private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

        public void Report(CheckProgress value)
        {
            if (_sinceLast.ElapsedMilliseconds >= 100)
            {
                _sinceLast.Restart();
                listener.Progress(new FsckProgress(value.Phase, Math.Clamp((double)value.Done / Math.Max(1, value.Total), 0, 1)));
            }
        }
    }
}
