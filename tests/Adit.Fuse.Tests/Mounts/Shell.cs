using System.Diagnostics;
using System.Text;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Runs a shell command in a session of its own, with its output in files: nothing that it starts can hold a
/// pipe of the test open, and all of it is killed when the time is over. A command that waits in a mount for ever is
/// freed by <paramref name="rescue"/>, which ends the mount's connection.</summary>
internal static class Shell
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static ShellResult Run(string command, TimeSpan? patience = null, Action? rescue = null)
    {
        using ShellProcess process = Start(command);
        return process.Wait(patience ?? Patience, rescue);
    }

    public static ShellProcess Start(string command) => new(command);
}

/// <summary>What a command left.</summary>
internal sealed record ShellResult(string Command, int ExitCode, string Output, string Errors, bool TimedOut)
{
    public ShellResult MustSucceed()
    {
        Assert.False(TimedOut, $"out of time: {Command}\n{Output}\n{Errors}");
        Assert.True(ExitCode == 0, $"exit {ExitCode}: {Command}\n{Output}\n{Errors}");
        return this;
    }

    public ShellResult MustFail(string because)
    {
        Assert.False(TimedOut, $"out of time: {Command}\n{Output}\n{Errors}");
        Assert.True(ExitCode != 0, $"succeeded: {Command}\n{Output}\n{Errors}");
        Assert.Contains(because, Output + Errors, StringComparison.Ordinal);
        return this;
    }
}

/// <summary>A running command.</summary>
internal sealed class ShellProcess : IDisposable
{
    private readonly string _command;
    private readonly TestFolder _folder = new();
    private readonly Process _process;

    public ShellProcess(string command)
    {
        _command = command;
        string script = Path.Combine(_folder.Path, "command.sh");
        File.WriteAllText(script, command, new UTF8Encoding(false));
        ProcessStartInfo start = new("setsid") { UseShellExecute = false };
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec bash \"$0\" </dev/null >\"$0.out\" 2>\"$0.err\"");
        start.ArgumentList.Add(script);
        start.Environment["LC_ALL"] = "C.UTF-8";
        _process = Process.Start(start)!;
    }

    /// <summary>Also the number of the session and of the process group.</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public void Signal(int signal) => _ = Interop.Linux.Libc.kill(-Id, signal);

    public ShellResult Wait(TimeSpan patience, Action? rescue = null)
    {
        bool inTime = _process.WaitForExit(patience);
        if (!inTime)
        {
            Signal(Interop.Linux.Libc.SIGKILL);
            if (!_process.WaitForExit(TimeSpan.FromSeconds(2)))
            {
                rescue?.Invoke();
                _process.WaitForExit(TimeSpan.FromSeconds(10));
            }
        }

        return new ShellResult(_command, inTime ? _process.ExitCode : -1, Read("out"), Read("err"), !inTime);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Signal(Interop.Linux.Libc.SIGKILL);
            _process.WaitForExit(TimeSpan.FromSeconds(5));
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private string Read(string kind)
    {
        string file = Path.Combine(_folder.Path, $"command.sh.{kind}");
        string text = File.Exists(file) ? File.ReadAllText(file) : "";
        return text.Length > 4000 ? text[..2000] + "\n...\n" + text[^2000..] : text;
    }
}
