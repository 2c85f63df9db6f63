using System.Diagnostics;
using Adit.Checking;
using Adit.Cli.CommandLine;
using Adit.Cli.Commands;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Media;
using Adit.Metadata.Checking;
using Adit.Metadata.Superblocks;

namespace Adit.Cli.Inspection;

/// <summary>Runs the checker for the command line.</summary>
internal static class VolumeCheck
{
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

    /// <summary>Checks the volume that this process has open, as its newest checkpoint has it. Changes go on meanwhile; when they fill the
    /// log, they wait for the end of the check.</summary>
    public static FsckReport RunOpen(Volume volume, ICheckListener listener)
    {
        var started = Stopwatch.StartNew();
        return Report(volume.Store.Medium.Name, VolumeChecker.Check(volume.Store, Options(listener)), remaining: null, started);
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
