using System.Diagnostics;
using System.Reflection;
using Adit.Cli.CommandLine;
using Adit.Fuse.Mounting;
using Adit.Interop;

namespace Adit.Cli.Bench.Mounts;

/// <summary>A process that serves another FUSE file system, from its start to its unmount.</summary>
internal sealed class PeerServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly string _directory;

    private PeerServer(Process process, string directory)
    {
        _process = process;
        _directory = directory;
    }

    public int ProcessId => _process.Id;

    /// <summary>bindfs, which shows a directory again through libfuse.</summary>
    /// <exception cref="CommandFailure">It is not installed.</exception>
    public static PeerServer StartBindfs(string source, string directory) =>
        Start("bindfs", ["-f", "--multithreaded", source, directory], directory);

    /// <summary>A server over libfuse's low-level interface that shows an image as one file, straight from mapped memory. Compiled here.</summary>
    /// <returns>Null where there is no compiler or no libfuse to compile with.</returns>
    public static PeerServer? TryStartLibfuse(string scratch, string image, string directory)
    {
        var source = Path.Combine(scratch, "peer.c");
        using (var text = Assembly.GetExecutingAssembly().GetManifestResourceStream("peer.c")!)
        using (var file = File.Create(source))
        {
            text.CopyTo(file);
        }

        var program = Path.Combine(scratch, "peer");
        if (!TryRun("cc", ["-O2", "-I/usr/include/fuse3", "-o", program, source, "-lfuse3", "-lpthread"]))
        {
            return null;
        }

        return Start(program, ["-f", directory, image], directory);
    }

    /// <summary>Runs a program to its end, silently.</summary>
    public static bool TryRun(string program, string[] arguments)
    {
        try
        {
            using var process = Process.Start(Silent(program, arguments))!;
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                return false;
            }

            Task.WaitAll(errors, output);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return false;
        }
    }

    public void Dispose()
    {
        Unmounter.Unmount(_directory, lazily: true);
        if (!_process.WaitForExit(Patience))
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static PeerServer Start(string program, string[] arguments, string directory)
    {
        Process process;
        try
        {
            process = Process.Start(Silent(program, arguments))!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new CommandFailure($"{program} is missing, which the mount is compared with: apt-get install {Path.GetFileName(program)}", errno: Errno.ENOENT);
        }

        var started = Stopwatch.GetTimestamp();
        while (MountTable.Find(directory) is null)
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > Patience)
            {
                var said = process.HasExited ? process.StandardError.ReadToEnd().Trim() : "it does not mount";
                process.Kill();
                throw new CommandFailure($"{program} cannot be compared with: {said}", errno: Errno.EIO);
            }

            Thread.Sleep(10);
        }

        return new PeerServer(process, directory);
    }

    private static ProcessStartInfo Silent(string program, string[] arguments) => new(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
