using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Bench.Mounts;

/// <summary>A mounted volume and, beside it, other file systems over the same memory: the data that is read through the mount is read by
/// the others from the very same pages, as the part of the volume's file that it is. Where pages lie changes the time of a large
/// copy more than any software does.</summary>
internal sealed class MountScene : IDisposable
{
    public const long DataBytes = 64L << 20;
    public const int BlockBytes = 4096;

    private const long VolumeBytes = 192L << 20;
    private const string Image = "pool.adit";

    private readonly Stack<IDisposable> _opened = new();
    private readonly List<MountTarget> _targets = [];
    private readonly string _root;
    private string _volume = "";

    private MountScene(string root) => _root = root;

    /// <summary>Adit first.</summary>
    public IReadOnlyList<MountTarget> Targets => _targets;

    public IEnumerable<int> ServerPids => _targets.Select(target => target.ServerPid).Where(pid => pid != 0);

    /// <exception cref="CommandFailure">This user cannot mount, or bindfs is missing.</exception>
    public static MountScene Create(BenchFolder folder, string name)
    {
        if (!File.Exists("/dev/fuse") || Environment.UserName != "root")
        {
            throw new CommandFailure("the mount cases mount file systems beside each other: they need root and /dev/fuse", errno: Errno.EPERM);
        }

        MountScene scene = new(Path.Combine(folder.Path, name));
        try
        {
            scene.Build();
            return scene;
        }
        catch
        {
            scene.Dispose();
            throw;
        }
    }

    /// <summary>What the server has done so far.</summary>
    public ServerReport AskServer()
    {
        using var owner = OwnerClient.TryConnect(_volume) ?? throw new CommandFailure("the mount's server is gone", errno: Errno.EIO);
        return owner.GetInformation().Server!;
    }

    public void Dispose()
    {
        while (_opened.TryPop(out var opened))
        {
            opened.Dispose();
        }

        Directory.Delete(_root, recursive: true);
    }

    private void Build()
    {
        Directory.CreateDirectory(_root);
        _volume = Path.Combine(_root, Image);
        var offsets = FillVolume();
        var plain = Make("plain");
        var directory = Make("adit");
        var (processId, _) = MountLauncher.Start(_volume, directory, "", isHeld: true);
        _opened.Push(new AditMount(_volume, directory, processId));
        var own = Enumerable.Range(0, offsets.Length).Select(block => (long)block * BlockBytes).ToArray();
        _targets.Add(new MountTarget("adit", directory, Path.Combine(directory, "data"), own, processId, IsDirect: true));

        var bindfs = PeerServer.StartBindfs(_root, directory = Make("bindfs"));
        _opened.Push(bindfs);
        _targets.Add(new MountTarget("bindfs", Path.Combine(directory, "plain"), Path.Combine(directory, Image), offsets, bindfs.ProcessId, IsDirect: true));

        if (PeerServer.TryStartLibfuse(_root, _volume, directory = Make("libfuse")) is { } peer)
        {
            _opened.Push(peer);
            _targets.Add(new MountTarget("libfuse", directory, Path.Combine(directory, "image"), offsets, peer.ProcessId, IsDirect: true));
        }

        _targets.Add(new MountTarget("tmpfs", plain, _volume, offsets, 0, IsDirect: false));
        AddExt4(own);
    }

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    /// <returns>Where each block of the data lies in the volume's file.</returns>
    private unsafe long[] FillVolume()
    {
        using var volume = Volume.Create(_volume, new CreateOptions { SizeBytes = VolumeBytes, Kind = Media.MediumKind.PmemEmulated });
        FilledFile filled = new(volume, "/data", DataBytes);
        using (filled.File)
        {
            var start = (nint)volume.Store.Medium.Start;
            return [.. filled.Addresses.Select(address => (long)(address - start))];
        }
    }

    /// <summary>A disk file system over the same kind of memory; its pages are others, so it shows no more than the size of things.</summary>
    private void AddExt4(long[] own)
    {
        var image = Path.Combine(_root, "ext4.img");
        using (var file = File.Create(image))
        {
            file.SetLength(DataBytes + (32L << 20));
        }

        var directory = Make("ext4");
        if (!PeerServer.TryRun("mkfs.ext4", ["-q", "-F", image]) || !PeerServer.TryRun("mount", ["-o", "loop", image, directory]))
        {
            return;
        }

        _opened.Push(new LoopMount(directory));
        var data = Path.Combine(directory, "data");
        File.WriteAllBytes(data, new byte[DataBytes]);
        _targets.Add(new MountTarget("ext4", directory, data, own, 0, IsDirect: false));
    }

    private sealed class AditMount(string volume, string directory, int processId) : IDisposable
    {
        public void Dispose()
        {
            using var owner = OwnerClient.TryConnect(volume) ?? throw new CommandFailure($"the server of {directory} is gone", errno: Errno.EIO);
            using var end = ProcessEnd.Watch(processId);
            owner.Unmount();
            end.Wait();
        }
    }

    private sealed class LoopMount(string directory) : IDisposable
    {
        public void Dispose()
        {
            if (!PeerServer.TryRun("umount", [directory]))
            {
                throw new CommandFailure($"{directory} cannot be unmounted", errno: Errno.EBUSY);
            }
        }
    }
}
