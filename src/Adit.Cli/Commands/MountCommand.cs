using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Mounts;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Mounts a volume.</summary>
internal sealed class MountCommand : VolumeCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Volume file or device" };
    private readonly Argument<string?> _directory = new("DIR") { Description = "Where to mount it: a directory that is there", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _options = new("--options", "-o") { Description = "Mount options, separated by commas: dax=inode|always|never, ro, allow_other, sync, noatime ...; remount: change those of a mount (adit mount -o remount,ro DIR)", HelpName = "dax=inode,ro" };
    private readonly Option<bool> _foreground = new("--foreground", "-f") { Description = "Serve in this process until unmounted or interrupted" };

    private readonly Option<bool> _noHolder = new("--no-holder") { Description = "One process alone: the mount ends when it dies, and cannot be upgraded" };

    public MountCommand()
        : base("mount", "Mount a volume; returns when the mount answers")
    {
        Arguments.Add(_volume);
        Arguments.Add(_directory);
        Options.Add(_options);
        Options.Add(_foreground);
        Options.Add(_noHolder);
    }

    public override string[] Examples => ["adit mount pool.adit mnt", "adit mount pool.adit mnt -o ro,allow_other", "adit mount -o remount,rw mnt"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var options = string.Join(',', arguments.GetValue(_options) ?? []);
        if (Remount.IsAsked(options, out var words))
        {
            return arguments.GetValue(_foreground) || arguments.GetValue(_noHolder)
                ? throw CommandFailure.Usage("remount changes what holds for a mount that is there; how it is served is settled when it is mounted")
                : ChangeMount(arguments.GetRequiredValue(_volume), arguments.GetValue(_directory), words, output);
        }

        var operand = VolumeOperand.Volume(arguments.GetRequiredValue(_volume));
        var directory = Path.GetFullPath(arguments.GetValue(_directory) ?? throw CommandFailure.Usage("where is it to be mounted? adit mount VOLUME DIR"));
        MountedVolume.CheckOptions(options);
        if (operand.IsMountPoint)
        {
            throw new CommandFailure($"{operand.VolumeText} is a mount point of {operand.VolumePath}, which is mounted already", ExitCode.Busy, Errno.EBUSY);
        }

        var isHeld = !arguments.GetValue(_noHolder) && !MountedVolume.CannotBeHeld(options);
        try
        {
            return Mount(operand.VolumePath, directory, options, arguments.GetValue(_foreground), isHeld, output);
        }
        catch (Exception exception) when (CommandFailure.From(exception) is { ExitCode: ExitCode.Busy } busy && OwnerClient.TryConnect(operand.VolumePath) is { } owner)
        {
            using (owner)
            {
                throw new CommandFailure($"{busy.Message} (process {owner.ProcessId} serves it)", busy.ExitCode, busy.Errno, exception);
            }
        }
    }

    private static ExitCode Mount(string volume, string directory, string options, bool isForeground, bool isHeld, CommandOutput output)
    {
        if (isForeground && isHeld)
        {
            return MountForeground(volume, directory, options, output, (pid, notes) => Report(output, volume, directory, pid, notes));
        }

        if (isForeground)
        {
            using var mounted = MountedVolume.Mount(volume, directory, options, output.Message);
            Report(output, volume, directory, Environment.ProcessId, mounted.Notes);
            output.Flush();
            return mounted.Serve();
        }

        var (processId, status) = MountLauncher.Start(volume, directory, options, isHeld);
        Report(output, volume, directory, processId, status.Notes ?? []);
        return ExitCode.Done;
    }

    /// <param name="first">The volume, or the mount point when that is all that was given.</param>
    /// <param name="second">The mount point.</param>
    private static ExitCode ChangeMount(string first, string? second, string words, CommandOutput output)
    {
        var mounted = VolumeMounts.Named(second ?? first);
        if (second is not null && OwnerAddress.Of(Path.GetFullPath(first))?.ToString() != OwnerAddress.Of(mounted.Source)?.ToString())
        {
            throw new CommandFailure($"{second} is a mount of {mounted.Source}, not of {first}", errno: Errno.EINVAL);
        }

        var reply = Remount.Do(mounted, words);
        if (output.IsText)
        {
            output.Line($"{mounted.MountPoint} is remounted: {reply.Options} (process {reply.NewPid})");
        }
        else
        {
            output.Document(new MountReport(mounted.Source, mounted.MountPoint, reply.NewPid, Mounted: true, reply.Options), ReportJson.Default.MountReport);
        }

        return ExitCode.Done;
    }

    /// <summary>Holds a mount in this process, whose server is a child of it.</summary>
    /// <param name="report">Says that the mount answers: by which process, and what a user should know.</param>
    public static ExitCode MountForeground(
        string volume, string directory, string options, CommandOutput output, Action<int, IReadOnlyList<string>> report)
    {
        using Holder holder = new(volume, directory, options, endsWithHolder: true, output.Message);
        var status = holder.Start();
        report(status.ProcessId, status.Notes ?? []);
        output.Flush();
        return holder.Serve();
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
