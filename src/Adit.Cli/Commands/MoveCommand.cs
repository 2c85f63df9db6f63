using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Cli.Trees;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Renames files within a volume.</summary>
internal sealed class MoveCommand : VolumeCommand
{
    private readonly Argument<string[]> _paths = new("PATHS") { Description = "VOLUME:/from ... VOLUME:/to", Arity = new ArgumentArity(2, 100000) };

    public MoveCommand()
        : base("mv", "Rename files within a volume, or move them into a directory") => Arguments.Add(_paths);

    public override string[] Examples => ["adit mv pool.adit:/new.bin pool.adit:/current.bin", "adit mv pool.adit:/a pool.adit:/b pool.adit:/folder"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var texts = arguments.GetRequiredValue(_paths);
        var operands = texts.Select(VolumeOperand.File).ToList();
        var target = operands[^1];
        if (operands.Find(operand => operand.VolumePath != target.VolumePath) is { } other)
        {
            throw new CommandFailure(
                $"{other.VolumeText} and {target.VolumeText} are two volumes: copy with adit cp -r, then remove", errno: Errno.EXDEV);
        }

        using var tree = VolumeAccess.Files(target, isReadOnly: false);
        var isIntoDirectory = tree.Find(target.InnerPath) is { IsDirectory: true };
        if (operands.Count > 2 && !isIntoDirectory)
        {
            throw new CommandFailure($"{tree.Show(target.InnerPath)}: {Errno.ENOTDIR.Message()}", errno: Errno.ENOTDIR);
        }

        foreach (var source in operands[..^1])
        {
            Move(tree, source.InnerPath, isIntoDirectory ? TreePath.Join(target.InnerPath, TreePath.NameOf(source.InnerPath)) : target.InnerPath);
        }

        tree.Flush();
        if (!output.IsText)
        {
            output.Document(new ActionReport("mv", texts), ReportJson.Default.ActionReport);
        }

        return ExitCode.Done;
    }

    private static void Move(IFileTree tree, string from, string to)
    {
        if (tree.Find(from, followLink: false) is null)
        {
            throw new CommandFailure($"{tree.Show(from)}: {Errno.ENOENT.Message()}", errno: Errno.ENOENT);
        }

        if (from != to && TreePath.IsWithin(to, from))
        {
            throw new CommandFailure($"{tree.Show(from)} cannot be moved into itself", errno: Errno.EINVAL);
        }

        tree.Move(from, to);
    }
}
