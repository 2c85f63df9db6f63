using Adit.Cli.CommandLine;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Holding;

/// <summary>A server that is to go on in the place of another, and whoever waits for that.</summary>
/// <param name="server">Has started and waits to be told to go on.</param>
/// <param name="command">How it was started.</param>
/// <param name="request">What it is to do, and all that come after it.</param>
/// <param name="volume">What owns the volume from then on.</param>
internal sealed class Upgrade(ServerChild server, IReadOnlyList<string> command, HeldServerRequest request, FileDescriptor volume) : IDisposable
{
    private readonly TaskCompletionSource<UpgradeReply> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ServerChild Server { get; } = server;

    public IReadOnlyList<string> Command { get; } = command;

    public HeldServerRequest Request { get; } = request;

    public FileDescriptor Volume { get; } = volume;

    /// <summary>It can only read the volume, so one that was not closed in order is not for it: somebody else recovers that first.</summary>
    public required bool NeedsClosedVolume { get; init; }

    public void Succeed(int oldPid, int newPid, long pauseMs) => _done.TrySetResult(new UpgradeReply(null, Errno.Success, oldPid, newPid, pauseMs));

    /// <summary>The server before serves on, or again.</summary>
    public void Refuse(CommandFailure reason)
    {
        if (_done.TrySetException(reason))
        {
            Server.Kill();
            Server.Dispose();
        }
    }

    /// <exception cref="CommandFailure">It was refused.</exception>
    public UpgradeReply Wait(TimeSpan patience)
    {
        try
        {
            return _done.Task.Wait(patience) ? _done.Task.Result : throw new CommandFailure("the hand-over does not come to its end", ExitCode.Busy, Errno.EBUSY);
        }
        catch (AggregateException exception) when (exception.InnerException is CommandFailure failure)
        {
            throw failure;
        }
    }

    public void Dispose() => Refuse(new CommandFailure("the hand-over was given up", ExitCode.Busy, Errno.EBUSY));
}
