using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Maps;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Fuse;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Interop;

namespace Adit.Cli.Inspection;

/// <summary>Answers what commands ask about a volume that this process has open. Safe for many threads.</summary>
/// <param name="volume">Closed by whoever opened it, unless <paramref name="ownsVolume"/>.</param>
/// <param name="mount">Where this process mounts it, or null.</param>
internal sealed class VolumeInspector(Volume volume, FuseMount? mount = null, bool ownsVolume = false) : IVolumeInspector
{
    public VolumeReport GetInformation() => InformationReader.Read(volume) with
    {
        OwnerPid = mount is null ? null : Environment.ProcessId,
        MountedAt = mount?.MountPoint,
        Server = mount is null ? null : Report(mount),
    };

    public NodeReport GetNode(string path) => NodeReader.Read(volume, path);

    public FlagsReport SetFlags(string path, FlagRequest request)
    {
        var report = volume.SetFlags(path, request.Set, request.Clear, request.Recursive);
        if (ownsVolume)
        {
            volume.Sync();
        }

        return new FlagsReport
        {
            Set = "",
            Cleared = "",
            FilesChanged = report.FilesChanged,
            DirectoriesChanged = report.DirectoriesChanged,
            Unchanged = report.Unchanged,
            Skipped = report.Skipped,
            Pending = report.Pending,
            FailureCount = report.FailureCount,
            Failures = [.. report.Failures.Select(failure => new FlagFailureReport(failure.Path, failure.Reason))],
        };
    }

    public QuotaReport Quota(QuotaRequest request, ICheckListener listener) => QuotaReader.Do(volume, request, listener);

    public VolumeMap GetMap() => new MapBuilder(volume).Build();

    public FsckReport Check(bool repair, ICheckListener listener) => repair
        ? throw new CommandFailure($"{volume.Store.Medium.Name} is in use; unmount it to repair it", ExitCode.Busy, Errno.EBUSY)
        : VolumeCheck.RunOpen(volume, listener);

    private ServerReport Report(FuseMount served)
    {
        var statistics = served.GetStatistics();
        return new ServerReport
        {
            Options = MountOptionWords.ToText(MountTable.Find(served.MountPoint) is { IsAdit: true } mounted ? MountFlags.Apply(served.Options, mounted.Flags) : served.Options),
            TakeOverCount = served.TakeOverCount,
            HasSuccessor = served.CanBeResumed && HolderAddress.ProcessOf(volume.Store.Medium.Name) != 0,
            RequestCount = statistics.Requests.Values.Sum(),
            Requests = statistics.Requests,
            TotalRequestCount = statistics.TotalRequestCount,
            RepeatedRequestCount = statistics.RepeatedRequestCount,
            OpenFileCount = statistics.OpenFileCount,
            KnownInodeCount = statistics.KnownInodeCount,
            LookupCount = statistics.LookupCount,
            NotificationCount = statistics.NotificationCount,
            AllocatedBytes = statistics.AllocatedBytes,
            ManagedBytes = statistics.ManagedBytes,
        };
    }

    public void Dispose()
    {
        if (ownsVolume)
        {
            volume.Dispose();
        }
    }
}
