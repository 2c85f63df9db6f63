using Adit.Cli.CommandLine;
using Adit.Interop;

namespace Adit.Cli.Holding;

/// <summary>A server that is to go on in the place of another, and whoever waits for that.</summary>
internal sealed class Upgrade(ServerChild server, IReadOnlyList<string> command) : IDisposable
{
    private readonly TaskCompletionSource<UpgradeReply> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Has started and waits to be told to go on.</summary>
    public ServerChild Server { get; } = server;

    /// <summary>How it was started.</summary>
    public IReadOnlyList<string> Command { get; } = command;

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
