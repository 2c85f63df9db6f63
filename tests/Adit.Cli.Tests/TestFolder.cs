using System.Diagnostics;
using Adit.TestKit;

namespace Adit.Cli.Tests;

/// <summary>A folder of its own for one test. Ends with every mount in it taken away and all of it deleted.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly string _path = TestRoot.MakeFolder();

    public string this[string name] => Path.Combine(_path, name);

    /// <summary>A volume in the folder.</summary>
    public string MakeVolume(string name = "pool.adit", string size = "32M")
    {
        AditTool.Run("mkfs", this[name], "--size", size).Expect(0);
        return this[name];
    }

    public string MakeDirectory(string name) => Directory.CreateDirectory(this[name]).FullName;

    public string MakeFile(string name, int lengthBytes, int seed = 1)
    {
        var bytes = new byte[lengthBytes];
        new Random(seed).NextBytes(bytes);
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    /// <summary>The tool at a place of its own, which another user can read and a test can break.</summary>
    /// <returns>Its assembly.</returns>
    public string CopyTool()
    {
        var target = MakeDirectory("tool");
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            var name = Path.GetFileName(file);
            if (name.EndsWith(".dll", StringComparison.Ordinal) || name.StartsWith("Adit.Cli.", StringComparison.Ordinal))
            {
                File.Copy(file, Path.Combine(target, name));
            }
        }

        return Path.Combine(target, "Adit.Cli.dll");
    }

    public void Dispose()
    {
        foreach (var mount in Mounts())
        {
            using var unmount = Process.Start(new ProcessStartInfo("umount", ["-c", "-i", "-l", mount]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            unmount.WaitForExit(TimeSpan.FromSeconds(10));
        }

        if (!Mounts().Any())
        {
            Directory.Delete(_path, recursive: true);
        }
    }

    private List<string> Mounts() => [.. File.ReadLines("/proc/self/mountinfo")
        .Select(line => line.Split(' ')[4])
        .Where(point => point.StartsWith(_path + "/", StringComparison.Ordinal))
        .Reverse()];
}
