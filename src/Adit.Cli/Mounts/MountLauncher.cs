using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Text.Json;
using Adit.Cli.CommandLine;

namespace Adit.Cli.Mounts;

/// <summary>Starts the process of a mount in the background, a server or the holder of one, and waits until the mount answers.</summary>
internal static class MountLauncher
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Returns the server's process id once the mount answers.</summary>
    /// <remarks>The server gets pipes to this process as its standard streams, never this process's own: the runtime keeps
    /// duplicates of the first ones for as long as it lives, so that whoever reads the output of this command would wait
    /// for the end of the mount.</remarks>
    /// <exception cref="CommandFailure">What the server said, or that it ended without a word.</exception>
    public static (int ProcessId, MountStatus Status) Start(string volume, string directory, string options, bool isHeld)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var descriptor = int.Parse(pipe.GetClientHandleAsString(), CultureInfo.InvariantCulture);
        var request = new MountRequest(volume, directory, options, descriptor, isHeld);
        using var server = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!,
            [.. OwnAssembly(), MountServer.Marker, JsonSerializer.Serialize(request, MountJson.Default.MountRequest)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new CommandFailure("the server process did not start");
        pipe.DisposeLocalCopyOfClientHandle();

        var text = ReadToEnd(pipe, server);
        if (text.Length == 0)
        {
            throw new CommandFailure(
                $"the server process ended before the mount answered; its last words: {LastWords(server)} (log: {MountLog.Path(volume)})");
        }

        var status = JsonSerializer.Deserialize(text, MountJson.Default.MountStatus)!;
        return status.Error is null
            ? (status.ProcessId != 0 ? status.ProcessId : server.Id, status)
            : throw new CommandFailure(status.Error, status.ExitCode, status.Errno);
    }

    /// <summary>What a server that did not get far enough to open its log wrote.</summary>
    private static string LastWords(Process server)
    {
        var errors = server.StandardError.ReadToEndAsync();
        return errors.Wait(TimeSpan.FromSeconds(5)) && errors.Result.Trim() is { Length: > 0 } words ? words : "none";
    }

    /// <summary>The tool runs as its own program, or as <c>dotnet Adit.Cli.dll</c>.</summary>
    public static string[] OwnAssembly() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "Adit.Cli.dll")] : [];

    private static string ReadToEnd(AnonymousPipeServerStream pipe, Process server)
    {
        using var reader = new StreamReader(pipe);
        var reading = reader.ReadToEndAsync();
        if (!reading.Wait(Patience))
        {
            throw new CommandFailure(
                $"the mount does not answer after {Patience.TotalMinutes} minutes; the server process {server.Id} goes on trying. To end it: kill {server.Id}");
        }

        return reading.Result;
    }
}
