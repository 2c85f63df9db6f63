using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Fuse.Mounting;
using Adit.Fuse.Succession;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;

namespace Adit.Cli.Holding;

/// <summary>Keeps a mount while its servers come and go: the channel to the kernel, the ownership of the volume, and the memory in which servers keep
/// what they have promised. Starts another server when one dies.</summary>
/// <remarks>
/// <para>It does as little as possible, so that it lives: it never looks into the volume, the requests or the memory.</para>
/// <para>Invariants: nobody else gets the volume while the holder lives, also not between two servers, since recovering it without the memory would lose
/// what is staged there. At most one server has been told to go on; one more may wait.</para>
/// <para>Failure: a server that dies <see cref="MaxDeaths"/> times within <see cref="DeathWindow"/> is not started again: the mount is taken away, its
/// users get ENOTCONN, and the log says why. When the holder dies its server goes on without one, or ends the mount
/// (<see cref="HeldServerRequest.EndsWithHolder"/>).</para>
/// </remarks>
internal sealed partial class Holder : IDisposable
{
    public const int MaxDeaths = 3;
    public static readonly TimeSpan DeathWindow = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ServingPatience = TimeSpan.FromMinutes(10);

    /// <summary>What is handed over was closed in order: nothing is to be recovered, and users wait.</summary>
    private static readonly TimeSpan UpgradePatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(60);
    private static readonly PosixSignal[] EndingSignals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly Action<string> _log;
    private readonly SessionMemory _memory;
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly List<long> _deaths = [];
    private readonly Lock _lock = new();
    private FileDescriptor _volume;

    /// <summary>What servers are to do that are started from now on.</summary>
    private volatile HeldServerRequest _request;
    private IReadOnlyList<string> _command = OwnCommand();
    private FileDescriptor? _device;
    private ServerChild? _server;
    private Upgrade? _upgrade;
    private UpgradeListener? _upgrades;
    private string _mountPoint;
    private bool _isTerminating;

    /// <summary>Takes the volume.</summary>
    /// <param name="volume">Absolute path.</param>
    /// <param name="directory">Absolute path of the mount point.</param>
    /// <param name="options">The words of -o.</param>
    /// <param name="endsWithHolder">The mount ends when this process does.</param>
    /// <param name="log">Told what goes wrong.</param>
    /// <exception cref="MediumException">EBUSY: somebody else has the volume; and what else can be wrong with it.</exception>
    public Holder(string volume, string directory, string options, bool endsWithHolder, Action<string> log)
    {
        _log = log;
        _mountPoint = directory;
        _request = new HeldServerRequest(volume, directory, options, SessionMemory.Version, -1, -1, -1, -1, endsWithHolder);
        _volume = VolumeOwnership.Take(volume, MountedVolume.IsReadOnly(options));
        _memory = SessionMemory.CreateShared();
    }

    /// <summary>The program that runs this, and its first arguments: itself, or <c>dotnet Adit.Cli.dll</c>.</summary>
    public static IReadOnlyList<string> OwnCommand() => [Environment.ProcessPath!, .. MountLauncher.OwnAssembly()];

    /// <summary>Starts the first server and waits until the mount answers.</summary>
    /// <exception cref="CommandFailure">It cannot be mounted.</exception>
    public MountStatus Start()
    {
        foreach (var signal in EndingSignals)
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Terminate();
            }));
        }

        var server = StartServer(_command, _request, _volume);
        server.Socket.Send(HolderMessageKind.Go);
        var status = WaitUntilServing(server, ServingPatience, out var reason);
        if (status is null || status.Error is not null)
        {
            server.WaitForEnd(EndPatience);
            TakeMountAway();
            throw status is null
                ? new CommandFailure($"the server process ended before the mount answered: {reason}")
                : new CommandFailure(status.Error!, status.ExitCode, status.Errno);
        }

        Use(server);
        if (status.CanBeResumed)
        {
            _upgrades = new UpgradeListener(_request.Volume, request => request.Remount is null ? UpgradeTo(request) : RemountTo(request));
        }
        else
        {
            _log("this kernel cannot ask a server again (Linux 6.9 can): the mount ends with its first server");
        }

        return status with { ProcessId = server.ProcessId };
    }

    /// <summary>Keeps the mount until it ends.</summary>
    public ExitCode Serve()
    {
        while (true)
        {
            var message = _server!.Socket.Receive();
            switch (message?.Kind)
            {
                case HolderMessageKind.Ended:
                    return End(_server, message.Text);
                case HolderMessageKind.HandedOver:
                    _server.WaitForEnd(EndPatience);
                    if (!Continue(null))
                    {
                        return ExitCode.Failed;
                    }

                    break;
                case HolderMessageKind.HandOverRefused:
                    TakeUpgrade()?.Refuse(new CommandFailure(
                        "a request does not come to its end; the server before serves on: try again when the mount is less busy", ExitCode.Busy, Errno.EBUSY));
                    break;
                case null:
                    var end = _server.WaitForEnd(EndPatience);
                    if (!Continue($"the server, process {_server.ProcessId}, died ({end})"))
                    {
                        return ExitCode.Failed;
                    }

                    break;
                default:
                    break;
            }

            // What starting a server took is garbage now, and too little for the runtime to collect it before the mount's hundredth server.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    public void Dispose()
    {
        _upgrades?.Dispose();
        _signals.ForEach(signal => signal.Dispose());
        _server?.Dispose();
        _device?.Dispose();
        _volume.Dispose();
        _memory.Dispose();
    }

    /// <summary>Has another server go on, as often as it takes.</summary>
    /// <param name="death">How the one before died; null: it made way.</param>
    /// <returns>False: given up, the mount is gone.</returns>
    private bool Continue(string? death)
    {
        var upgrade = TakeUpgrade();
        var postponed = death is not null && upgrade is { NeedsClosedVolume: true } ? upgrade : null;
        upgrade = postponed is null ? upgrade : null;
        string? refusal = null;
        while (true)
        {
            if (death is not null && !MayStartAgain(death))
            {
                (upgrade ?? postponed)?.Refuse(new CommandFailure(
                    $"{(refusal is null ? "" : $"the new server cannot go on: {refusal}; nor can the one before: ")}{death}; the mount is taken away", errno: Errno.EIO));
                return false;
            }

            var clock = Stopwatch.StartNew();
            var candidate = refusal is null ? upgrade?.Server : null;
            ServerChild? next = null;
            try
            {
                if (candidate is not null)
                {
                    PassVolume(_volume, upgrade!.Volume, upgrade.Request);
                }

                next = candidate ?? StartServer(_command, _request, _volume);
                next.Socket.Send(HolderMessageKind.Go);
                var status = WaitUntilServing(next, candidate is null ? ServingPatience : UpgradePatience, out var reason);
                if (status is { Error: null })
                {
                    var oldPid = _server!.ProcessId;
                    Use(next, postponed);
                    if (candidate is null)
                    {
                        upgrade?.Refuse(new CommandFailure($"the new server cannot go on: {refusal}; the one before serves again", errno: Errno.EIO));
                    }
                    else
                    {
                        Keep(upgrade!);
                        upgrade!.Succeed(oldPid, next.ProcessId, clock.ElapsedMilliseconds);
                    }

                    return true;
                }

                death = status?.Error ?? $"a server, process {next.ProcessId}, died before it served ({reason})";
            }
            catch (MediumException exception) when (exception.Errno == Errno.EBUSY)
            {
                death = exception.Message;
            }
            catch (Exception exception) when (exception is IOException or System.ComponentModel.Win32Exception)
            {
                death = $"a server cannot be started: {exception.Message}";
            }

            next?.Kill();
            next?.Dispose();
            if (candidate is not null)
            {
                if (ReturnVolume(upgrade!) is { } loss)
                {
                    _log($"{loss}; {_mountPoint} is given up");
                    TakeMountAway();
                    upgrade!.Refuse(new CommandFailure($"the new server cannot go on: {death}; {loss}; the mount is taken away", errno: Errno.ESTALE));
                    return false;
                }

                // Back to the program that served before. Not counted: it has not failed. Who asked hears of it when it is known who serves.
                _log($"the new server cannot go on: {death}; back to {string.Join(' ', _command)}");
                refusal = death;
                death = null;
            }
        }
    }

    private bool MayStartAgain(string death)
    {
        var now = Stopwatch.GetTimestamp();
        _deaths.RemoveAll(before => Stopwatch.GetElapsedTime(before, now) > DeathWindow);
        _deaths.Add(now);
        if (_upgrades is not null && _deaths.Count < MaxDeaths)
        {
            _log($"{death}; another one goes on");
            return true;
        }

        _log(_upgrades is null ? $"{death}; {_mountPoint} ends with it" : $"{death}, the {MaxDeaths}rd time within {DeathWindow.TotalSeconds} s; {_mountPoint} is given up");
        TakeMountAway();
        return false;
    }

    /// <summary>Cuts off those who use the mount, and takes it out of the tree.</summary>
    private void TakeMountAway()
    {
        if (_device is null)
        {
            return;
        }

        if (_memory.Connection != 0)
        {
            _ = ConnectionControl.Abort(_memory.Connection);
        }

        _device.Dispose();
        if (MountTable.Find(_mountPoint) is { IsAdit: true } mount && (_memory.Connection == 0 || mount.DeviceMinor == _memory.Connection))
        {
            try
            {
                Unmounter.Unmount(_mountPoint, lazily: true);
            }
            catch (Fuse.MountException exception)
            {
                _log(exception.Message);
            }
        }
    }

    private ExitCode End(ServerChild server, string code)
    {
        TakeUpgrade()?.Refuse(new CommandFailure("the mount has ended meanwhile", errno: Errno.ENOTCONN));
        _upgrades?.Dispose();
        _device?.Dispose();
        _volume.Dispose();
        server.Socket.Send(HolderMessageKind.Closed);
        server.WaitForEnd(EndPatience);
        return int.TryParse(code, CultureInfo.InvariantCulture, out var number) ? (ExitCode)number : ExitCode.Failed;
    }

    /// <summary>From a signal: passed on to the server, or to the next one.</summary>
    private void Terminate()
    {
        lock (_lock)
        {
            _isTerminating = true;
            _server?.Socket.Send(HolderMessageKind.Terminate);
        }
    }

    /// <summary>From now on this server is the one. It hears what the one before was told and did not live to do.</summary>
    /// <param name="server">The server.</param>
    /// <param name="postponed">What the one before was to make way for and did not live to.</param>
    private void Use(ServerChild server, Upgrade? postponed = null)
    {
        lock (_lock)
        {
            _upgrade ??= postponed;
            _server?.Dispose();
            _server = server;
            if (_isTerminating)
            {
                server.Socket.Send(HolderMessageKind.Terminate);
            }

            if (_upgrade is not null)
            {
                server.Socket.Send(HolderMessageKind.HandOver);
            }
        }
    }

    /// <summary>Starts a server and waits until it has started; it goes on when it is told to.</summary>
    private ServerChild StartServer(IReadOnlyList<string> command, HeldServerRequest request, FileDescriptor volume)
    {
        var child = ServerChild.Start(command, request, _device is null ? [_memory.File!, volume] : [_memory.File!, volume, _device]);
        var ready = child.Socket.Receive(ReadyPatience);
        if (ready is { Kind: HolderMessageKind.Ready } && ready.Text == SessionMemory.Version.ToString(CultureInfo.InvariantCulture))
        {
            return child;
        }

        if (ready is not null)
        {
            child.Kill();
        }

        var end = child.WaitForEnd(TimeSpan.FromSeconds(1));
        child.Dispose();
        throw new IOException(ready is null
            ? $"{string.Join(' ', command)} did not start as a server ({end})"
            : $"{string.Join(' ', command)} speaks version {ready.Text} of the hand-over, this mount speaks {SessionMemory.Version}: unmount and mount instead");
    }

    private MountStatus? WaitUntilServing(ServerChild server, TimeSpan patience, out string reason)
    {
        reason = "";
        while (true)
        {
            var message = server.Socket.Receive(patience);
            switch (message?.Kind)
            {
                case HolderMessageKind.Mounted:
                    _device = message.Descriptor;
                    break;
                case HolderMessageKind.Serving or HolderMessageKind.Failed:
                    return JsonSerializer.Deserialize(message.Text, HolderJson.Default.MountStatus);
                case null:
                    reason = server.WaitForEnd(TimeSpan.FromSeconds(1));
                    return null;
                default:
                    break;
            }
        }
    }

    /// <summary>Has another program go on. Called by the thread that listens; returns when that program serves, or the one before again.</summary>
    private UpgradeReply UpgradeTo(UpgradeRequest request)
    {
        if (request.Version != SessionMemory.Version)
        {
            throw new CommandFailure(
                $"the mount speaks version {SessionMemory.Version} of the hand-over, this program speaks {request.Version}: unmount and mount instead", errno: Errno.EPROTO);
        }

        if (request.Command is not [{ Length: > 0 }, ..] || request.Command.Contains(null!))
        {
            throw new CommandFailure(HolderClient.NoProgram, errno: Errno.EINVAL);
        }

        return Exchange(request.Command, _request, _volume);
    }

    /// <summary>Has another server go on, and waits until it does or the one before does again.</summary>
    private UpgradeReply Exchange(IReadOnlyList<string> command, HeldServerRequest request, FileDescriptor volume)
    {
        ServerChild next;
        try
        {
            next = StartServer(command, request, volume);
        }
        catch (Exception exception) when (exception is IOException or System.ComponentModel.Win32Exception or ArgumentException)
        {
            throw new CommandFailure($"{exception.Message}; the server before serves on", errno: Errno.EIO, inner: exception);
        }

        using Upgrade upgrade = new(next, command, request, volume) { NeedsClosedVolume = IsReadOnly(request) && !IsReadOnly(_request) };
        lock (_lock)
        {
            _upgrade = upgrade;
            _server!.Socket.Send(HolderMessageKind.HandOver);
        }

        return upgrade.Wait(ServingPatience);
    }

    private Upgrade? TakeUpgrade()
    {
        lock (_lock)
        {
            var upgrade = _upgrade;
            _upgrade = null;
            return upgrade;
        }
    }
}
