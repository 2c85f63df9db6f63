using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Mounts;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Fuse.Mounting;

namespace Adit.Cli.Commands;

/// <summary>Unmounts a volume and waits until its owner has ended.</summary>
internal sealed class UmountCommand : VolumeCommand
{
    private readonly Argument<string> _directory = new("DIR") { Description = "The mount point, or the volume" };

    public UmountCommand()
        : base("umount", "Unmount a volume; everything is durable when it returns") => Arguments.Add(_directory);

    public override string[] Examples => ["adit umount mnt"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var mount = VolumeMounts.Named(arguments.GetRequiredValue(_directory));
        using var holderEnd = HolderAddress.ProcessOf(mount.Source) is > 0 and var holder ? ProcessEnd.Watch(holder) : null;
        using var owner = OwnerClient.TryConnect(mount.Source);
        var processId = owner?.ProcessId ?? 0;
        if (owner is null)
        {
            Unmounter.Unmount(mount.MountPoint, lazily: true);
            output.Message($"the process that served {mount.MountPoint} was gone; what it had not made durable is recovered as far as it was promised when {mount.Source} is opened next");
        }
        else
        {
            using var end = ProcessEnd.Watch(processId);
            owner.Unmount();
            end.Wait();
            holderEnd?.Wait();
        }

        if (output.IsText)
        {
            output.Line($"{mount.MountPoint} is unmounted");
        }
        else
        {
            output.Document(new MountReport(mount.Source, mount.MountPoint, processId, Mounted: false), ReportJson.Default.MountReport);
        }

        return ExitCode.Done;
    }
}
