using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Cli.Output;
using Adit.Cli.Reports;

namespace Adit.Cli.Commands;

/// <summary>The main job: a volume, mounted, until interrupted. Reads nothing from standard input.</summary>
internal sealed class UpCommand : VolumeCommand
{
    private readonly Argument<string> _directory = new("DIR") { Description = "The folder of the volume and its mount point", DefaultValueFactory = _ => "./pool" };

    public UpCommand()
        : base("up", "Make a volume if there is none, mount it, and serve it until Ctrl-C") => Arguments.Add(_directory);

    public override string[] Examples => ["./adit up", "./adit up /srv/pool"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var folder = Path.GetFullPath(arguments.GetRequiredValue(_directory));
        var volume = Path.Combine(folder, "pool.adit");
        var directory = Path.Combine(folder, "mnt");
        if (VolumeMounts.At(directory) is null)
        {
            Directory.CreateDirectory(directory);
        }

        if (!File.Exists(volume))
        {
            Volume.Format(volume, new CreateOptions { SizeBytes = 1L << 30, Label = Path.GetFileName(folder) });
            output.Message($"made {volume}, {Sizes.Format(1L << 30)}");
        }

        return MountCommand.MountForeground(volume, directory, "", output, (pid, _) =>
        {
            if (output.IsText)
            {
                output.Line($"{volume} is mounted at {directory}. Ctrl-C unmounts it.");
            }
            else
            {
                output.Document(new MountReport(volume, directory, pid, Mounted: true), ReportJson.Default.MountReport);
            }
        });
    }
}
