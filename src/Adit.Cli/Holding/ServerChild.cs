using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Adit.Cli.Mounts;
using Adit.Interop.Linux;

namespace Adit.Cli.Holding;

/// <summary>A server process, as its holder sees it.</summary>
internal sealed class ServerChild : IDisposable
{
    private readonly Process _process;

    private ServerChild(Process process, HolderSocket socket)
    {
        _process = process;
        Socket = socket;
    }

    public int ProcessId => _process.Id;

    public HolderSocket Socket { get; }

    /// <summary>Starts a server, which then waits for <see cref="HolderMessageKind.Go"/>.</summary>
    /// <param name="command">The program and its first arguments.</param>
    /// <param name="request">What to do; its descriptors are filled in here.</param>
    /// <param name="inherited">Memory, volume and, when there is one, the channel to the kernel.</param>
    public static ServerChild Start(IReadOnlyList<string> command, HeldServerRequest request, IReadOnlyList<FileDescriptor> inherited)
    {
        var (near, far) = HolderSocket.Pair();
        try
        {
            List<FileDescriptor> all = [far, .. inherited];
            request = request with
            {
                Socket = far.DangerousNumber,
                Memory = inherited[0].DangerousNumber,
                VolumeDescriptor = inherited[1].DangerousNumber,
                Device = inherited.Count > 2 ? inherited[2].DangerousNumber : -1,
            };
            ProcessStartInfo start = new(command[0], [.. command.Skip(1), HeldServer.Marker, JsonSerializer.Serialize(request, HolderJson.Default.HeldServerRequest)])
            {
                UseShellExecute = false,
            };
            lock (typeof(ServerChild))
            {
                // Only now, and only for this child: whatever else is started must not keep them.
                all.ForEach(descriptor => SetInherited(descriptor, true));
                try
                {
                    return new ServerChild(Process.Start(start) ?? throw new IOException($"{command[0]} did not start"), near);
                }
                finally
                {
                    all.ForEach(descriptor => SetInherited(descriptor, false));
                }
            }
        }
        catch
        {
            near.Dispose();
            throw;
        }
        finally
        {
            far.Dispose();
        }
    }

    /// <summary>Waits for the process to end, and kills it when it does not.</summary>
    /// <returns>How it ended, in words.</returns>
    public string WaitForEnd(TimeSpan patience)
    {
        if (!_process.WaitForExit(patience))
        {
            Kill();
            return "it did not end and was killed";
        }

        return _process.ExitCode > 128
            ? string.Create(CultureInfo.InvariantCulture, $"signal {_process.ExitCode - 128}")
            : string.Create(CultureInfo.InvariantCulture, $"exit code {_process.ExitCode}");
    }

    public void Kill()
    {
        try
        {
            _process.Kill();
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    public void Dispose()
    {
        Socket.Dispose();
        _process.Dispose();
    }

    private static void SetInherited(FileDescriptor descriptor, bool isInherited) =>
        _ = Libc.fcntl(descriptor.DangerousNumber, Libc.F_SETFD, isInherited ? 0 : Libc.FD_CLOEXEC);
}
