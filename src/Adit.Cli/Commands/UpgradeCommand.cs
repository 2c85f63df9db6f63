using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Mounts;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Fuse.Succession;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Has the program that runs it serve a mount, in place of the one that does.</summary>
internal sealed class UpgradeCommand : VolumeCommand
{
    private readonly Argument<string> _directory = new("DIR") { Description = "The mount point, or the volume" };

    public UpgradeCommand()
        : base("upgrade", "Have this program serve a mount from now on; its users see a pause, no error") => Arguments.Add(_directory);

    public override string[] Examples => ["/opt/adit-new/adit upgrade mnt"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var mount = VolumeMounts.Named(arguments.GetRequiredValue(_directory));
        using var holder = HolderAddress.TryConnect(mount.Source)
            ?? throw new CommandFailure(
                $"{mount.MountPoint} has no holder: it was mounted with --no-holder or over io_uring, or its holder died; unmount and mount it instead", errno: Errno.ENOTSUP);
        var reply = HolderClient.Ask(holder, new UpgradeRequest(SessionMemory.Version, Holder.OwnCommand()));
        if (reply.Error is not null)
        {
            throw new CommandFailure(reply.Error, CommandFailure.ExitCodeOf(reply.Errno), reply.Errno);
        }

        if (output.IsText)
        {
            output.Line($"{mount.MountPoint} is served by process {reply.NewPid} in place of {reply.OldPid}, after a pause of {reply.PauseMs} ms");
        }
        else
        {
            output.Document(new UpgradeReport(mount.Source, mount.MountPoint, reply.OldPid, reply.NewPid, reply.PauseMs), ReportJson.Default.UpgradeReport);
        }

        return ExitCode.Done;
    }
}
