using System.Globalization;
using Adit.Cli.CommandLine;
using Adit.Interop;
using Adit.Media;

namespace Adit.Cli.Bench;

/// <summary>A folder on tmpfs for the volumes of a bench. It goes when the bench ends, also by Ctrl-C; what a killed bench
/// left is cleared away by the next.</summary>
internal sealed class BenchFolder : IDisposable
{
    private const string Memory = "/dev/shm";
    private const string Prefix = "adit-bench-";

    private BenchFolder(string path) => Path = path;

    public string Path { get; }

    public static BenchFolder Create()
    {
        if (!Directory.Exists(Memory))
        {
            throw new CommandFailure($"{Memory} is missing: the bench needs a tmpfs there", errno: Errno.ENOENT);
        }

        foreach (var old in Directory.EnumerateDirectories(Memory, Prefix + "*"))
        {
            var name = System.IO.Path.GetFileName(old)[Prefix.Length..];
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var owner) && !Directory.Exists($"/proc/{owner}"))
            {
                Directory.Delete(old, recursive: true);
            }
        }

        return new BenchFolder(Directory.CreateDirectory($"{Memory}/{Prefix}{Environment.ProcessId}").FullName);
    }

    /// <summary>Makes a volume in the folder and opens it.</summary>
    public Volume CreateVolume(string name, long sizeBytes)
    {
        var free = new DriveInfo(Memory).AvailableFreeSpace;
        if (free < sizeBytes + (64L << 20))
        {
            throw new CommandFailure($"{Memory} has {free >> 20} MiB free and the case needs {(sizeBytes >> 20) + 64}", errno: Errno.ENOSPC);
        }

        return Volume.Create(PathOf(name), new CreateOptions { SizeBytes = sizeBytes, Kind = MediumKind.PmemEmulated, Label = name, Force = true });
    }

    public string PathOf(string name) => System.IO.Path.Combine(Path, name + ".adit");

    public void Delete(string name) => File.Delete(PathOf(name));

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
