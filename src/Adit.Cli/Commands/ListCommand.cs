using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Inspection;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Cli.Trees;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Cli.Commands;

/// <summary>Lists a directory, or shows a file's line.</summary>
internal sealed class ListCommand : VolumeCommand
{
    private readonly Argument<string> _file = new("VOLUME:/path") { Description = "A directory or file in a volume; the volume alone stands for its root" };
    private readonly Option<bool> _long = new("--long", "-l") { Description = "Mode, links, owner, size and time as well" };

    public ListCommand()
        : base("ls", "List a directory of a volume", isList: true)
    {
        Arguments.Add(_file);
        Options.Add(_long);
    }

    public override string[] Examples => ["adit ls -l pool.adit:/models", "adit ls pool.adit --jsonl"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var operand = VolumeOperand.FileOrVolume(arguments.GetRequiredValue(_file));
        using var tree = VolumeAccess.Files(operand, isReadOnly: true);
        var node = tree.Find(operand.InnerPath, followLink: false)
            ?? throw new CommandFailure($"{tree.Show(operand.InnerPath)}: {Errno.ENOENT.Message()}", errno: Errno.ENOENT);
        var isLong = arguments.GetValue(_long);
        if (!node.IsDirectory)
        {
            Print(output, tree, operand.InnerPath, node, isLong);
        }
        else if (output.IsText)
        {
            // People read names in order; a listing for programs comes as the directory gives it, however large it is.
            foreach (var entry in tree.List(operand.InnerPath).OrderBy(entry => entry.Name, StringComparer.Ordinal))
            {
                Print(output, tree, TreePath.Join(operand.InnerPath, entry.Name), entry, isLong);
            }
        }
        else
        {
            foreach (var entry in tree.List(operand.InnerPath))
            {
                Print(output, tree, TreePath.Join(operand.InnerPath, entry.Name), entry, isLong);
            }
        }

        output.EndList();
        return ExitCode.Done;
    }

    private static void Print(CommandOutput output, IFileTree tree, string path, TreeNode node, bool isLong)
    {
        var isLink = node.Type == FileType.SymbolicLink;
        if (!output.IsText)
        {
            output.Element(
                new EntryReport(
                    node.Name, NodeText.TypeOf(node.Type), node.Inode, NodeText.Octal(node.Permissions), node.LinkCount, node.UserId,
                    node.GroupId, node.SizeBytes, NodeText.Time(node.ModifyTime), isLink ? tree.ReadLink(path) : null),
                ReportJson.Default.EntryReport);
        }
        else if (isLong)
        {
            var target = isLink ? $" -> {tree.ReadLink(path)}" : "";
            var time = NodeText.Time(node.ModifyTime);
            var minute = time.Length > 16 ? time[..16].Replace('T', ' ') : time;
            output.Line($"{NodeText.Mode(node.Mode)} {node.LinkCount,3} {node.UserId,5} {node.GroupId,5} {node.SizeBytes,13} {minute} {Printable(node.Name)}{target}");
        }
        else
        {
            output.Line(Printable(node.Name));
        }
    }

    /// <summary>A name cannot move a terminal's cursor.</summary>
    private static string Printable(string name) =>
        CommandOutput.IsOutputTerminal && name.Any(char.IsControl)
            ? string.Concat(name.Select(letter => char.IsControl(letter) ? '?' : letter))
            : name;
}
