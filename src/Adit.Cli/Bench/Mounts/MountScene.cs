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

    /// <summary>Those that may be bound to a processor: the readers of rings have theirs.</summary>
    public IEnumerable<int> ServerPids => _targets.Where(target => !target.IsOverRings).Select(target => target.ServerPid).Where(pid => pid != 0);

    /// <param name="folder">Where it is made.</param>
    /// <param name="name">Of its folder there.</param>
    /// <param name="isOverRings">The volume is mounted over io_uring, and beside it is one over the classic channel and no other file system.</param>
    /// <exception cref="CommandFailure">This user cannot mount, or bindfs is missing.</exception>
    public static MountScene Create(BenchFolder folder, string name, bool isOverRings = false)
    {
        if (!File.Exists("/dev/fuse") || Environment.UserName != "root")
        {
            throw new CommandFailure("the mount cases mount file systems beside each other: they need root and /dev/fuse", errno: Errno.EPERM);
        }

        MountScene scene = new(Path.Combine(folder.Path, name));
        try
        {
            scene.Build(isOverRings);
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

    private void Build(bool isOverRings)
    {
        Directory.CreateDirectory(_root);
        _volume = Path.Combine(_root, Image);
        var offsets = FillVolume(_volume);
        var plain = Make("plain");
        var own = Enumerable.Range(0, offsets.Length).Select(block => (long)block * BlockBytes).ToArray();
        AddAdit("adit", _volume, own, isOverRings);
        if (isOverRings)
        {
            var other = Path.Combine(_root, "classic.adit");
            FillVolume(other);
            AddAdit("classic", other, own, isOverRings: false);
            return;
        }

        string directory;
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

    private void AddAdit(string name, string volume, long[] own, bool isOverRings)
    {
        var directory = Make(name);
        var (processId, _) = MountLauncher.Start(volume, directory, isOverRings ? "io_uring" : "", isHeld: !isOverRings);
        _opened.Push(new AditMount(volume, directory, processId));
        _targets.Add(new MountTarget(name, directory, Path.Combine(directory, "data"), own, processId, IsDirect: true, isOverRings));
    }

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    /// <returns>Where each block of the data lies in the volume's file.</returns>
    private static unsafe long[] FillVolume(string path)
    {
        using var volume = Volume.Create(path, new CreateOptions { SizeBytes = VolumeBytes, Kind = Media.MediumKind.PmemEmulated });
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
