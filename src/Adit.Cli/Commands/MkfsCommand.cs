using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Inspection;
using Adit.Cli.Mounts;
using Adit.Cli.Output;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Makes a volume.</summary>
internal sealed class MkfsCommand : VolumeCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "The file to make, or a device" };
    private readonly Option<string> _size = new("--size") { Description = "Size of the volume (default: 1G, or the size of what is there)", HelpName = "4G" };
    private readonly Option<string> _medium = new("--medium") { Description = "What it lies in", DefaultValueFactory = _ => "file" };
    private readonly Option<string> _label = new("--label") { Description = "A name for people", HelpName = "L", DefaultValueFactory = _ => "" };
    private readonly Option<bool> _force = new("--force") { Description = "Overwrite what looks used" };

    private readonly Option<bool> _quota = new("--quota") { Description = "Keep what users, groups and projects use, and let limits bind (adit quota)" };

    public MkfsCommand()
        : base("mkfs", "Make a volume")
    {
        _medium.AcceptOnlyFromAmong(MediumNames.All);
        _size.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !Sizes.TryParse(result.Tokens[0].Value, out _))
            {
                result.AddError($"'{result.Tokens[0].Value}' is not a size; write for example 512M or 4G");
            }
        });
        Arguments.Add(_volume);
        Options.Add(_size);
        Options.Add(_medium);
        Options.Add(_label);
        Options.Add(_force);
        Options.Add(_quota);
    }

    public override string[] Examples => ["adit mkfs pool.adit --size 4G --label scratch", "adit mkfs /dev/shm/bench.adit --size 1G --medium pmem-emulated"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var path = arguments.GetRequiredValue(_volume);
        var medium = arguments.GetRequiredValue(_medium);
        if (VolumeMounts.At(Path.GetFullPath(path)) is { } mount)
        {
            throw new CommandFailure($"{path} is a mount point of {mount.Source}", ExitCode.Busy, Errno.EBUSY);
        }

        using (var owner = OwnerClient.TryConnect(path))
        {
            if (owner is not null)
            {
                throw new CommandFailure($"{path} is in use by process {owner.ProcessId}; unmount it first: adit umount {path}", ExitCode.Busy, Errno.EBUSY);
            }
        }

        Volume.Format(path, new CreateOptions
        {
            SizeBytes = SizeOf(path, arguments.GetValue(_size)),
            Kind = MediumNames.Parse(medium),
            Label = arguments.GetRequiredValue(_label),
            Force = arguments.GetValue(_force),
            Quotas = arguments.GetValue(_quota),
        });

        using var volume = Volume.Open(path, new VolumeOptions { ReadOnly = medium != "pmem" });
        var information = volume.GetInformation();
        var report = new FormatReport(path, information.VolumeId, information.Label, medium, information.SizeBytes, information.CapacityBytes);
        if (medium == "pmem-emulated")
        {
            output.Message($"{path} emulates persistent memory: what is in it is lost when the machine stops");
        }

        if (output.IsText)
        {
            output.Line($"{path}: {Sizes.Format(report.SizeBytes)} volume on {medium}, {Sizes.Format(report.CapacityBytes)} for files");
        }
        else
        {
            output.Document(report, ReportJson.Default.FormatReport);
        }

        return ExitCode.Done;
    }

    private static long SizeOf(string path, string? text)
    {
        if (text is not null)
        {
            Sizes.TryParse(text, out var bytes);
            return bytes > 0 ? bytes & ~4095L : throw CommandFailure.Usage($"--size {text} is no size for a volume");
        }

        var there = new FileInfo(path);
        return there is { Exists: true, Length: > 0 } || (there.Exists && there.Attributes.HasFlag(FileAttributes.Device)) ? 0 : 1L << 30;
    }
}
