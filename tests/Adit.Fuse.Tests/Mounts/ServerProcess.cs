using System.Diagnostics;
using Adit.Fuse.Mounting;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>A server in a process of its own, so that it can be killed: this assembly, run as a program.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _log;
    private readonly string _mountPoint;

    /// <summary>Starts it and waits until it has mounted.</summary>
    /// <param name="folder">Where its volume and its log are.</param>
    /// <param name="mountPoint">Where it mounts.</param>
    /// <param name="options">The words of -o.</param>
    public ServerProcess(string folder, string mountPoint, string options = "")
    {
        _mountPoint = mountPoint;
        _log = Path.Combine(folder, "server.log");
        File.Delete(_log);
        ProcessStartInfo start = new("setsid") { UseShellExecute = false };
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec dotnet \"$0\" serve \"$1\" \"$2\" \"$4\" </dev/null >\"$3\" 2>&1");
        start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        start.ArgumentList.Add(Path.Combine(folder, "pool.adit"));
        start.ArgumentList.Add(mountPoint);
        start.ArgumentList.Add(_log);
        start.ArgumentList.Add(options);
        _process = Process.Start(start)!;
        bool mounted = SpinWait.SpinUntil(() => _process.HasExited || Messages.Contains("ready", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        if (!mounted || _process.HasExited)
        {
            Dispose();
            Assert.Fail($"the server did not start: {Messages}");
        }
    }

    public string Messages => File.Exists(_log) ? File.ReadAllText(_log) : "";

    public int Id => _process.Id;

    public bool WaitForExit(TimeSpan patience) => _process.WaitForExit(patience);

    public void Kill()
    {
        _ = Libc.kill(_process.Id, Libc.SIGKILL);
        _process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        while (MountTable.Find(_mountPoint) is not null && Libc.umount2(_mountPoint, Libc.MNT_DETACH) == 0)
        {
        }

        _process.Dispose();
    }
}
