using System.CommandLine;
using System.Diagnostics;
using Adit.Cli.CommandLine;
using Adit.Cli.Copying;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Cli.Trees;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Copies files between the host and volumes, in any direction.</summary>
internal sealed class CopyCommand : VolumeCommand
{
    private readonly Argument<string[]> _paths = new("PATHS") { Description = "FROM ... TO; each a host path or VOLUME:/path", Arity = new ArgumentArity(2, 100000) };
    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "Directories with all that is in them" };
    private readonly Option<bool> _preserve = new("--preserve", "-p") { Description = "Keep modification times" };

    public CopyCommand()
        : base("cp", "Copy files into, out of and between volumes")
    {
        Arguments.Add(_paths);
        Options.Add(_recursive);
        Options.Add(_preserve);
    }

    public override string[] Examples => ["adit cp -r /usr/share/dotnet pool.adit:/sdk", "adit cp pool.adit:/report.csv ."];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var texts = arguments.GetRequiredValue(_paths);
        using var trees = new TreeSet();
        var target = trees.Resolve(texts[^1], isReadOnly: false);
        var sources = texts[..^1].Select(text => trees.Resolve(text, isReadOnly: true)).ToList();
        var isIntoDirectory = target.Tree.Find(target.Path) is { IsDirectory: true };
        if (!isIntoDirectory && sources.Count > 1)
        {
            throw new CommandFailure($"{target.Tree.Show(target.Path)}: {Errno.ENOTDIR.Message()}", errno: Errno.ENOTDIR);
        }

        var started = Stopwatch.StartNew();
        using var progress = CopyProgress.Start(output);
        var copier = new TreeCopier(arguments.GetValue(_recursive), arguments.GetValue(_preserve), progress, output);
        if (progress.IsShown)
        {
            progress.TotalBytes = sources.Sum(source => TreeSize.Measure(source.Tree, source.Path));
        }

        foreach (var source in sources)
        {
            var name = TreePath.NameOf(source.Path);
            var to = isIntoDirectory && name != TreePath.Root ? TreePath.Join(target.Path, name) : target.Path;
            copier.Copy(source.Tree, source.Path, target.Tree, to);
        }

        target.Tree.Flush();
        progress.Dispose();
        if (!output.IsText)
        {
            output.Document(copier.Result(started.Elapsed), ReportJson.Default.CopyReport);
        }

        return copier.SkippedCount == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
