using System.CommandLine;
using Adit.Cli.Commands;
using Adit.Cli.Commands.Quotas;

namespace Adit.Cli.CommandLine;

/// <summary>All commands of the tool.</summary>
internal static class AditRootCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Adit: a direct-access file system. A VOLUME is a volume file, a device or a mount point; a file inside is VOLUME:/path.")
        {
            new UpCommand(),
            new MkfsCommand(),
            new MountCommand(),
            new UmountCommand(),
            new UpgradeCommand(),
            new InfoCommand(),
            new StatCommand(),
            new ListCommand(),
            new CatCommand(),
            new MkdirCommand(),
            new RemoveCommand(),
            new MoveCommand(),
            new CopyCommand(),
            new ChattrCommand(),
            new QuotaCommand(),
            new FsckCommand(),
            new MapCommand(),
            new BenchCommand(),
            new CrashCommand(),
            new TestCommand(),
        };
        ExampleHelp.Install(root);
        return root;
    }
}
