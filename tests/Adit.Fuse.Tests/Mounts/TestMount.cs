using System.Collections.Concurrent;
using Adit.Checking;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Nodes mounted for one test, in a folder of their own. A watchdog cuts the connection when the test takes too
/// long, so that no process waits for ever and the test fails instead of hanging. The test itself uses the mount
/// through other processes only.</summary>
internal sealed class TestMount : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(100);
    private readonly TestFolder _folder = new();
    private readonly Timer _watchdog;
    private readonly bool _ownsNodes;
    private volatile bool _barked;

    /// <param name="options">How to mount.</param>
    /// <param name="nodes">What to mount; null: a fresh volume, which is checked at the end.</param>
    /// <param name="limit">How long the test may take, if not the usual time.</param>
    public TestMount(MountOptions? options = null, INodeOperations? nodes = null, TimeSpan? limit = null)
    {
        _ownsNodes = nodes is null;
        Nodes = nodes ?? TestNodes.Create();
        Path = System.IO.Path.Combine(_folder.Path, "mnt");
        Scratch = System.IO.Path.Combine(_folder.Path, "scratch");
        Directory.CreateDirectory(Path);
        Directory.CreateDirectory(Scratch);
        Mount = FuseMount.Start(Nodes, Path, (options ?? new MountOptions()) with { Source = "test" }, Log);
        Connection = MountTable.Find(Path)!.DeviceMinor;
        _watchdog = new Timer(_ => Bark(), null, limit ?? Limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>A folder beside it.</summary>
    public string Scratch { get; }

    public INodeOperations Nodes { get; }

    public FuseMount Mount { get; private set; }

    public uint Connection { get; private set; }

    public ConcurrentQueue<string> Problems { get; } = [];

    /// <summary>Runs a shell command in the mount's parent folder: <c>mnt</c> and <c>scratch</c> are there.</summary>
    public ShellResult Run(string command, int seconds = 60) =>
        Shell.Run($"cd '{_folder.Path}'\nset -e\n{command}", TimeSpan.FromSeconds(seconds), Rescue);

    public ShellProcess Start(string command) => Shell.Start($"cd '{_folder.Path}'\nset -e\n{command}");

    /// <summary>Unmounts and mounts the same nodes again.</summary>
    public void Remount(MountOptions? options = null)
    {
        Mount.Unmount();
        Mount.Dispose();
        Mount = FuseMount.Start(Nodes, Path, (options ?? new MountOptions()) with { Source = "test" }, Log);
        Connection = MountTable.Find(Path)!.DeviceMinor;
    }

    public void Rescue() => ConnectionControl.Abort(Connection);

    public void Dispose()
    {
        _watchdog.Dispose();
        bool ended = false;
        Thread ender = new(() =>
        {
            Mount.Dispose();
            ended = Mount.HasEnded;
        }) { IsBackground = true };
        ender.Start();
        if (!ender.Join(TimeSpan.FromSeconds(20)))
        {
            Rescue();
            ender.Join(TimeSpan.FromSeconds(10));
        }

        CheckReport? report = null;
        if (ended && _ownsNodes)
        {
            using Volume volume = (Volume)Nodes;
            report = VolumeChecker.Check(volume.Store);
        }

        MountTableEntry? left = MountTable.Find(Path);
        _folder.Dispose();
        Assert.True(ended, "the mount did not end");
        Assert.Null(left);
        Assert.Empty(report?.Findings ?? []);
        Assert.False(_barked, "the test was out of time and its mount was cut");
        Assert.True(Problems.IsEmpty, string.Join("\n", Problems));
    }

    private void Bark()
    {
        _barked = true;
        Rescue();
    }

    private void Log(FuseLogLevel level, string message)
    {
        if (level != FuseLogLevel.Information)
        {
            Problems.Enqueue($"{level}: {message}");
        }
    }
}
