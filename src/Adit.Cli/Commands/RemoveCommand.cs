using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Cli.Trees;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Removes files and directories.</summary>
internal sealed class RemoveCommand : VolumeCommand
{
    private readonly Argument<string[]> _files = new("VOLUME:/path") { Description = "What to remove", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "Directories too, with all that is in them" };
    private readonly Option<bool> _force = new("--force", "-f") { Description = "No error for what is not there" };

    public RemoveCommand()
        : base("rm", "Remove files of a volume")
    {
        Arguments.Add(_files);
        Options.Add(_recursive);
        Options.Add(_force);
    }

    public override string[] Examples => ["adit rm pool.adit:/old.bin", "adit rm -r pool.adit:/models/v1"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var texts = arguments.GetRequiredValue(_files);
        foreach (var operand in texts.Select(VolumeOperand.File).ToList())
        {
            using var tree = VolumeAccess.Files(operand, isReadOnly: false);
            Remove(tree, operand.InnerPath, arguments.GetValue(_recursive), arguments.GetValue(_force));
            tree.Flush();
        }

        if (!output.IsText)
        {
            output.Document(new ActionReport("rm", texts), ReportJson.Default.ActionReport);
        }

        return ExitCode.Done;
    }

    private static void Remove(IFileTree tree, string path, bool isRecursive, bool isForced)
    {
        if (path == TreePath.Root)
        {
            throw CommandFailure.Usage($"{tree.Show(path)} is the root of the volume; it stays");
        }

        if (tree.Find(path, followLink: false) is not { } node)
        {
            if (!isForced)
            {
                throw new CommandFailure($"{tree.Show(path)}: {Errno.ENOENT.Message()}", errno: Errno.ENOENT);
            }
        }
        else if (!node.IsDirectory)
        {
            tree.Delete(path);
        }
        else if (isRecursive)
        {
            tree.DeleteDirectory(path, recursive: true);
        }
        else
        {
            throw new CommandFailure($"{tree.Show(path)}: {Errno.EISDIR.Message()}; with -r it is removed with all that is in it", errno: Errno.EISDIR);
        }
    }
}
