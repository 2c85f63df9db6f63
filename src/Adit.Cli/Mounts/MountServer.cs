using System.Diagnostics.CodeAnalysis;
using System.IO.Pipes;
using System.Text.Json;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Interop;
using Adit.Interop.Linux;
using Microsoft.Win32.SafeHandles;

namespace Adit.Cli.Mounts;

/// <summary>The process of a mount in the background: its server, or the holder of its servers.</summary>
internal static class MountServer
{
    /// <summary>The first argument of such a process.</summary>
    public const string Marker = "--serve-mount";

    public static bool TryParseArguments(string[] arguments, [NotNullWhen(true)] out MountRequest? request)
    {
        request = arguments is [Marker, var text] ? JsonSerializer.Deserialize(text, MountJson.Default.MountRequest) : null;
        return request is not null;
    }

    /// <summary>Mounts, says so through the status pipe, serves until unmounted.</summary>
    public static int Run(MountRequest request)
    {
        // The log stays open as standard output and standard error.
        var log = MountLog.Open(request.Volume);
        Daemon.Detach(request.StatusDescriptor, log);
        using var pipe = new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(request.StatusDescriptor, ownsHandle: true));
        try
        {
            return request.IsHeld ? Hold(request, pipe) : Serve(request, pipe);
        }
        catch (Exception exception) when (pipe.IsConnected)
        {
            var failure = CommandFailure.From(exception) ?? new CommandFailure(exception.ToString());
            Say(pipe, new MountStatus(failure.Message, failure.ExitCode, failure.Errno));
            return (int)failure.ExitCode;
        }
    }

    private static int Serve(MountRequest request, AnonymousPipeClientStream pipe)
    {
        using var mounted = MountedVolume.Mount(request.Volume, request.Directory, request.Options, WriteLog);
        Say(pipe, new MountStatus(Notes: mounted.Notes));
        pipe.Dispose();
        return (int)mounted.Serve();
    }

    private static int Hold(MountRequest request, AnonymousPipeClientStream pipe)
    {
        using Holder holder = new(request.Volume, request.Directory, request.Options, endsWithHolder: false, WriteLog);
        Say(pipe, holder.Start());
        pipe.Dispose();
        return (int)holder.Serve();
    }

    /// <summary>A line of the log.</summary>
    public static void WriteLog(string message) => Console.Error.WriteLine($"{DateTime.UtcNow:O} {message}");

    private static void Say(AnonymousPipeClientStream pipe, MountStatus status)
    {
        try
        {
            JsonSerializer.Serialize(pipe, status, MountJson.Default.MountStatus);
        }
        catch (IOException exception)
        {
            // The command was interrupted. The mount stands; `adit umount` ends it.
            WriteLog($"nobody waited for: {status.Error ?? "mounted"} ({exception.Message})");
        }
    }
}
