using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Text.Json;
using Adit.Cli.CommandLine;

namespace Adit.Cli.Mounts;

/// <summary>Starts the server process of a mount and waits until the mount answers.</summary>
internal static class MountLauncher
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Returns the server's process id once the mount answers.</summary>
    /// <exception cref="CommandFailure">What the server said, or that it ended without a word.</exception>
    public static (int ProcessId, MountStatus Status) Start(string volume, string directory, string options)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var descriptor = int.Parse(pipe.GetClientHandleAsString(), CultureInfo.InvariantCulture);
        var request = new MountRequest(volume, directory, options, descriptor);
        using var server = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!,
            [.. OwnAssembly(), MountServer.Marker, JsonSerializer.Serialize(request, MountJson.Default.MountRequest)])
        {
            UseShellExecute = false,
        }) ?? throw new CommandFailure("the server process did not start");
        pipe.DisposeLocalCopyOfClientHandle();

        var text = ReadToEnd(pipe, server);
        if (text.Length == 0)
        {
            server.WaitForExit(TimeSpan.FromSeconds(5));
            throw new CommandFailure($"the server process ended before the mount answered{(server.HasExited ? $" (code {server.ExitCode})" : "")}; its log: {MountLog.Path(volume)}");
        }

        var status = JsonSerializer.Deserialize(text, MountJson.Default.MountStatus)!;
        return status.Error is null
            ? (server.Id, status)
            : throw new CommandFailure(status.Error, status.ExitCode, status.Errno);
    }

    /// <summary>The tool runs as its own program, or as <c>dotnet Adit.Cli.dll</c>.</summary>
    private static string[] OwnAssembly() =>
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
