using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Adit.Cli.Mounts;
using Adit.Fuse.Mounting;
using Adit.Interop.Linux;
using Adit.TestKit.Processes;
using Xunit.Abstractions;

namespace Adit.Cli.Tests.Kills;

/// <summary>A volume, its mount, those who change files on it, and the death of its owner.</summary>
/// <remarks>One round of copying has a folder of its own, <c>round-N</c>; a plain <c>cp -a</c> goes to <c>copy-N</c> beside it, while the
/// folders of two rounds ago are deleted.</remarks>
internal sealed class KillScene : IDisposable
{
    /// <summary>With less, a kill shows nothing.</summary>
    private const int FewestFiles = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly string _tree;
    private readonly string _copiedPart;
    private readonly string _volume;
    private readonly string _mount;
    private readonly ITestOutputHelper _output;
    private int _ownerPid;
    private int _round;

    /// <param name="tree">What is copied; <c>cp -a</c> takes the runtime's own folder in it.</param>
    /// <param name="medium">As for <c>adit mkfs --medium</c>.</param>
    public KillScene(string tree, string medium, ITestOutputHelper output)
    {
        _tree = tree;
        _copiedPart = Path.TrimEndingDirectorySeparator(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory());
        _output = output;
        _volume = _folder["pool.adit"];
        _mount = _folder.MakeDirectory("mnt");
        AditTool.Run("mkfs", _volume, "--size", "2G", "--medium", medium).Expect(0);
    }

    /// <summary>Mounts, also where a dead mount is left.</summary>
    /// <returns>How long the command took. What the last owner left in the host's cache is written out before: that takes as long as
    /// the disk does, and after a loss of power there is none.</returns>
    public TimeSpan Mount()
    {
        using (var file = Libc.open(_volume, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0))
        {
            Assert.Equal(0, Libc.fsync(file));
        }

        var clock = Stopwatch.StartNew();
        var mounted = AditTool.Run("mount", _volume, _mount, "--no-holder", "--json").Expect(0);
        clock.Stop();
        _ownerPid = mounted.Json.GetProperty("owner_pid").GetInt32();
        Assert.Single(MountTable.Read(), entry => entry.MountPoint == _mount);
        return clock.Elapsed;
    }

    public void Unmount()
    {
        AditTool.Run("umount", _mount).Expect(0);
        Assert.Null(MountTable.Find(_mount));
        _ownerPid = 0;
    }

    /// <summary>Copies, and kills the owner a while after the first acknowledged file.</summary>
    /// <param name="mode">Of the copying child.</param>
    /// <param name="killAfterMs">How long the owner lives on; longer when it takes long to have a few files.</param>
    /// <param name="seed">Of the copier.</param>
    /// <param name="others">Also a plain cp and a plain rm, which sync nothing.</param>
    /// <returns>What was acknowledged.</returns>
    public IReadOnlyList<SyncedFile> CopyAndKill(string mode, int killAfterMs, int seed, bool others)
    {
        var round = _round++;
        RemoveRest(round - 3);
        var target = Directory.CreateDirectory(Folder("round", round)).FullName;
        using var copier = AcknowledgingChild.Start(mode, _tree, target, seed.ToString(CultureInfo.InvariantCulture));
        List<Process> beside = [];
        try
        {
            if (others)
            {
                beside.Add(Start("cp", "-a", "--", _copiedPart, Folder("copy", round)));
                beside.Add(Start("rm", "-rf", "--", Folder("round", round - 2), Folder("copy", round - 2)));
            }

            Thread.Sleep(killAfterMs);
            copier.WaitFor(FewestFiles);
            Assert.False(copier.HasEnded, $"the copier ended before the owner was killed: {copier.Errors}");
            KillOwner();
            var lines = copier.WaitForEnd();
            Assert.True(copier.ExitCode == 0, $"the copier failed: {copier.Errors}");
            foreach (var process in beside)
            {
                Assert.True(process.WaitForExit(Patience), $"process {process.Id} beside the copier goes on although the mount's owner is gone");
            }

            return [.. lines.Select(line => SyncedFile.Parse(target, line))];
        }
        finally
        {
            foreach (var process in beside)
            {
                process.Kill();
                process.Dispose();
            }
        }
    }

    /// <summary>Removes what the rm of a round, which was cut short with the owner, left: twenty rounds would fill the volume.</summary>
    private void RemoveRest(int round)
    {
        using var rm = Start("rm", "-rf", "--", Folder("round", round), Folder("copy", round));
        Assert.True(rm.WaitForExit(Patience), "removing old trees does not come to an end");
        Assert.Equal(0, rm.ExitCode);
    }

    /// <summary>What is not as it was acknowledged, in words.</summary>
    public IReadOnlyList<string> FindLosses(IReadOnlyList<SyncedFile> synced) => OnWatchedThread(() =>
    {
        List<string> losses = [];
        foreach (var file in synced)
        {
            if (!File.Exists(file.Path))
            {
                losses.Add($"{file.Path} is missing");
                continue;
            }

            var bytes = File.ReadAllBytes(file.Path);
            if (bytes.Length != file.LengthBytes || Convert.ToHexString(SHA256.HashData(bytes)) != file.Hash)
            {
                losses.Add($"{file.Path} has {bytes.Length} bytes that are not the {file.LengthBytes} that were synced");
            }
        }

        _output.WriteLine($"{synced.Count} files compared, {losses.Count} of them lost");
        return losses;
    });

    /// <summary>Files of the newest plain copy that are not the first bytes of their originals: cp appends in order, so whatever the
    /// moment, a crash leaves nothing else.</summary>
    public IReadOnlyList<string> FindTornCopies() => OnWatchedThread(() =>
    {
        List<string> torn = [];
        var folder = Folder("copy", _round - 1);
        if (!Directory.Exists(folder))
        {
            return torn;
        }

        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var original = File.ReadAllBytes(Path.Combine(_copiedPart, Path.GetRelativePath(folder, path)));
            if (!original.AsSpan().StartsWith(File.ReadAllBytes(path)))
            {
                torn.Add($"{path} is no beginning of its original");
            }
        }

        return torn;
    });

    /// <summary>Checks the volume, through its owner when it is mounted.</summary>
    public void CheckVolume() => AditTool.Run("fsck", _volume).Expect(0);

    /// <summary>Nothing but the volume and the folder that it was mounted at.</summary>
    public void CheckNothingIsLeft()
    {
        Assert.Equal([_mount, _volume], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(_volume)!).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_mount));
        Assert.True(AditTool.Run("info", _volume, "--json").Expect(0).Json.GetProperty("was_clean").GetBoolean());
    }

    public void Dispose()
    {
        if (_ownerPid != 0)
        {
            KillOwner();
        }

        _folder.Dispose();
        File.Delete(MountLog.Path(_volume));
    }

    private string Folder(string kind, int round) => Path.Combine(_mount, string.Create(CultureInfo.InvariantCulture, $"{kind}-{round}"));

    /// <summary>Its death ends every request to the mount, also those that hang.</summary>
    private void KillOwner()
    {
        try
        {
            using var owner = Process.GetProcessById(_ownerPid);
            owner.Kill();
            Assert.True(owner.WaitForExit(Patience), "the owner does not die");
        }
        catch (ArgumentException)
        {
            Assert.Fail($"the owner, process {_ownerPid}, had ended by itself");
        }
        finally
        {
            _ownerPid = 0;
        }
    }

    /// <summary>Work that touches the mount, on a thread that a mount that hangs may hold for ever.</summary>
    private T OnWatchedThread<T>(Func<T> work)
    {
        var task = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(task.Wait(Patience), "the mount hangs");
        return task.Result;
    }

    private static Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
