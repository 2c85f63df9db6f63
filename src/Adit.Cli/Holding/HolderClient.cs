using System.Net.Sockets;
using Adit.Cli.CommandLine;
using Adit.Cli.Owners;
using Adit.Interop;

namespace Adit.Cli.Holding;

/// <summary>Asks the holder of a mount.</summary>
internal static class HolderClient
{
    /// <summary>What a holder says to a request that names no program; one that knows of no remounts says it to them.</summary>
    public const string NoProgram = "no program is named that could serve; the server before serves on";

    /// <exception cref="CommandFailure">It does not answer. What it refuses is in the reply.</exception>
    public static UpgradeReply Ask(Socket holder, UpgradeRequest request)
    {
        try
        {
            using NetworkStream stream = new(holder);
            MessageStream messages = new(stream);
            messages.Write(request, HolderJson.Default.UpgradeRequest);
            return messages.Read(HolderJson.Default.UpgradeReply, MessageStream.MaxRequestBytes)
                ?? throw new CommandFailure("the holder of the mount ended before it answered", errno: Errno.EPIPE);
        }
        catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException)
        {
            throw new CommandFailure($"the holder of the mount cannot be understood: {exception.Message}", errno: Errno.EPROTO, inner: exception);
        }
    }
}
