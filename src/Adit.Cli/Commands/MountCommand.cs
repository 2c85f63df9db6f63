using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Mounts a volume.</summary>
internal sealed class MountCommand : VolumeCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Volume file or device" };
    private readonly Argument<string> _directory = new("DIR") { Description = "Where to mount it: a directory that is there" };
    private readonly Option<string[]> _options = new("--options", "-o") { Description = "Mount options, separated by commas: dax=inode|always|never, ro, allow_other, sync, noatime ...", HelpName = "dax=inode,ro" };
    private readonly Option<bool> _foreground = new("--foreground", "-f") { Description = "Serve in this process until unmounted or interrupted" };

    public MountCommand()
        : base("mount", "Mount a volume; returns when the mount answers")
    {
        Arguments.Add(_volume);
        Arguments.Add(_directory);
        Options.Add(_options);
        Options.Add(_foreground);
    }

    public override string[] Examples => ["adit mount pool.adit mnt", "adit mount pool.adit mnt -o ro,allow_other"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var operand = VolumeOperand.Volume(arguments.GetRequiredValue(_volume));
        var directory = Path.GetFullPath(arguments.GetRequiredValue(_directory));
        var options = string.Join(',', arguments.GetValue(_options) ?? []);
        MountedVolume.CheckOptions(options);
        if (operand.IsMountPoint)
        {
            throw new CommandFailure($"{operand.VolumeText} is a mount point of {operand.VolumePath}, which is mounted already", ExitCode.Busy, Errno.EBUSY);
        }

        if (arguments.GetValue(_foreground))
        {
            using var mounted = MountedVolume.Mount(operand.VolumePath, directory, options, output.Message);
            Report(output, operand.VolumePath, directory, Environment.ProcessId, mounted.Notes);
            output.Flush();
            return mounted.Serve();
        }

        var (processId, status) = MountLauncher.Start(operand.VolumePath, directory, options);
        Report(output, operand.VolumePath, directory, processId, status.Notes ?? []);
        return ExitCode.Done;
    }

    private static void Report(CommandOutput output, string volume, string directory, int processId, IReadOnlyList<string> notes)
    {
        foreach (var note in notes)
        {
            output.Message(note);
        }

        if (output.IsText)
        {
            output.Line($"{volume} is mounted at {directory} (process {processId})");
        }
        else
        {
            output.Document(new MountReport(volume, directory, processId, Mounted: true), ReportJson.Default.MountReport);
        }
    }
}
