using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Fuse.Succession;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Holding;

/// <summary>A server process under a holder: the first one mounts, the others go on where the one before ended.</summary>
internal static class HeldServer
{
    /// <summary>The first argument of such a process.</summary>
    public const string Marker = "--serve-held";

    /// <summary>How long a request may take that was in work when another server is to go on. All others wait meanwhile.</summary>
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    public static bool TryParseArguments(string[] arguments, [NotNullWhen(true)] out HeldServerRequest? request)
    {
        request = arguments is [Marker, var text] ? JsonSerializer.Deserialize(text, HolderJson.Default.HeldServerRequest) : null;
        return request is not null;
    }

    public static int Run(HeldServerRequest request)
    {
        Daemon.CloseInherited(request.Device < 0
            ? [request.Socket, request.Memory, request.VolumeDescriptor]
            : [request.Socket, request.Memory, request.VolumeDescriptor, request.Device]);
        using HolderSocket holder = new(new FileDescriptor(request.Socket));
        if (!holder.Send(HolderMessageKind.Ready, SessionMemory.Version.ToString(CultureInfo.InvariantCulture))
            || holder.Receive() is not { Kind: HolderMessageKind.Go })
        {
            // Another program was to be tried, and is not needed.
            return (int)ExitCode.Failed;
        }

        SessionMemory? memory = null;
        MountedVolume mounted;
        try
        {
            memory = SessionMemory.Open(new FileDescriptor(request.Memory));
            var device = request.Device < 0 ? null : new FileDescriptor(request.Device);
            HeldMount held = new(memory, request.VolumeDescriptor, device, channel => holder.Send(HolderMessageKind.Mounted, "", channel));
            mounted = MountedVolume.Mount(request.Volume, request.Directory, request.Options, MountServer.WriteLog, held);
        }
        catch (Exception exception)
        {
            var failure = CommandFailure.From(exception) ?? new CommandFailure(exception.ToString());
            Say(holder, HolderMessageKind.Failed, new MountStatus(failure.Message, failure.ExitCode, failure.Errno));
            return (int)failure.ExitCode;
        }

        using (memory)
        using (mounted)
        {
            Say(holder, HolderMessageKind.Serving, new MountStatus(Notes: mounted.Notes, CanBeResumed: mounted.CanBeResumed));
            return Serve(request, holder, mounted);
        }
    }

    private static int Serve(HeldServerRequest request, HolderSocket holder, MountedVolume mounted)
    {
        using ManualResetEventSlim ending = new();
        using ManualResetEventSlim closed = new();
        var isHandedOver = false;
        Thread listener = new(() =>
        {
            while (true)
            {
                switch (holder.Receive()?.Kind)
                {
                    case HolderMessageKind.HandOver when !ending.IsSet:
                        isHandedOver = mounted.TryHandOver(HandOverPatience);
                        if (isHandedOver)
                        {
                            ending.Set();
                            break;
                        }

                        holder.Send(HolderMessageKind.HandOverRefused);
                        break;
                    case HolderMessageKind.Terminate:
                        ending.Set();
                        break;
                    case HolderMessageKind.Closed:
                        closed.Set();
                        break;
                    case null:
                        closed.Set();
                        if (request.EndsWithHolder)
                        {
                            ending.Set();
                        }
                        else if (!ending.IsSet)
                        {
                            MountServer.WriteLog($"the holder of {request.Directory} is gone: the mount is served on, and ends with this process");
                        }

                        return;
                    default:
                        break;
                }
            }
        })
        {
            Name = "adit-holder",
            IsBackground = true,
        };
        listener.Start();
        var code = mounted.Serve(ending, () => isHandedOver);
        if (isHandedOver)
        {
            holder.Send(HolderMessageKind.HandedOver);
            return (int)ExitCode.Done;
        }

        holder.Send(HolderMessageKind.Ended, ((int)code).ToString(CultureInfo.InvariantCulture));

        // Whoever waits for the end of this process finds the volume free.
        closed.Wait(ClosePatience);
        return (int)code;
    }

    private static void Say(HolderSocket holder, HolderMessageKind kind, MountStatus status) =>
        holder.Send(kind, JsonSerializer.Serialize(status, HolderJson.Default.MountStatus));
}
