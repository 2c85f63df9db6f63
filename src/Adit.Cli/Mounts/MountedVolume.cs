using System.Runtime.InteropServices;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Inspection;
using Adit.Cli.Owners;
using Adit.Fuse;
using Adit.Fuse.Options;
using Adit.Fuse.Succession;
using Adit.Media;

namespace Adit.Cli.Mounts;

/// <summary>A volume that this process has open and mounted, and the socket at which commands reach it.</summary>
/// <remarks>It ends in one order, whoever asks for it (a signal, <c>adit umount</c>, umount(8)): the mount goes, everything its
/// users left open is closed, the volume is closed and durable, clients that wait hear of it.</remarks>
internal sealed class MountedVolume : IDisposable
{
    private static readonly PosixSignal[] EndingSignals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly Volume _volume;
    private readonly FuseMount _mount;
    private readonly OwnerServer _server;
    private readonly Action<string> _log;
    private bool _isClosed;

    private MountedVolume(Volume volume, FuseMount mount, OwnerServer server, Action<string> log, IReadOnlyList<string> warnings)
    {
        _volume = volume;
        _mount = mount;
        _server = server;
        _log = log;
        Notes = [.. warnings, .. MakeNotes(volume), .. MakeNotes(mount)];
    }

    /// <summary>What a user should know about this mount.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Says what is wrong with the words of -o.</summary>
    public static void CheckOptions(string options) => ParseOptions(options);

    /// <summary>Opens, mounts, serves. The mount answers when this returns.</summary>
    /// <param name="volumePath">Absolute.</param>
    /// <param name="directory">The mount point.</param>
    /// <param name="optionText">The words of -o.</param>
    /// <param name="log">Takes what the server has to say, from any thread.</param>
    /// <param name="held">What a holder keeps of the mount; null: nothing outlives this process.</param>
    public static MountedVolume Mount(string volumePath, string directory, string optionText, Action<string> log, HeldMount? held = null)
    {
        var options = ParseOptions(optionText) with { Source = volumePath };
        var volume = Volume.Open(volumePath, new VolumeOptions
        {
            ReadOnly = options.ReadOnly,
            SyncAlways = options.Synchronous,
            AccessTime = options.AccessTime,
            Dax = options.Dax,
            Previews = options.Previews,
            DirectoryAccessTimes = !options.NoDirectoryAccessTimes,
            Descriptor = held?.VolumeDescriptor ?? -1,
            Succession = held is null ? null : new ServerSuccession(held.Memory),
        });
        FuseMount? mount = null;
        try
        {
            void Log(FuseLogLevel level, string message)
            {
                if (level != FuseLogLevel.Information)
                {
                    log(message);
                }
            }

            mount = held?.Device is { } device
                ? FuseMount.Resume(volume, device, directory, options, Log, held.Memory)
                : FuseMount.Start(volume, directory, options, Log, held?.Memory, held?.Mounted);
            var started = mount;
            var server = new OwnerServer(volumePath, new VolumeInspector(volume, mount), () => started.Unmount());
            return new MountedVolume(volume, mount, server, log, options.Warnings);
        }
        catch
        {
            mount?.Dispose();
            volume.Dispose();
            throw;
        }
    }

    /// <summary>Another server can go on with the mount.</summary>
    public bool CanBeResumed => _mount.CanBeResumed;

    /// <summary>Requests will come over io_uring: no other server could go on with those in work, so there is nothing to hold.</summary>
    public static bool CannotBeHeld(string options) => ParseOptions(options).OverIoUring && FuseMount.IsIoUringSwitchedOn;

    /// <summary>The mount is open for writing nowhere but here; said to who must know it before it is mounted.</summary>
    public static bool IsReadOnly(string options) => ParseOptions(options).ReadOnly;

    /// <summary>Stops serving and closes the volume, so that another server goes on with the mount. <see cref="Serve(ManualResetEventSlim, Func{bool})"/> is then to return.</summary>
    /// <returns>False when a request does not come to its end; the mount is served on.</returns>
    public bool TryHandOver(TimeSpan patience)
    {
        if (!_mount.TryHandOver(patience))
        {
            return false;
        }

        _isClosed = true;
        _server.Dispose();
        _volume.Dispose();
        return true;
    }

    /// <summary>Returns when the mount has ended and the volume is closed: after an unmount, or a signal.</summary>
    public ExitCode Serve()
    {
        using var signalled = new ManualResetEventSlim();
        return Serve(signalled, static () => false);
    }

    /// <summary>The same, or when somebody asks for it.</summary>
    /// <param name="signalled">Set to end the mount.</param>
    /// <param name="isHandedOver">Whether it was set because another server goes on.</param>
    public ExitCode Serve(ManualResetEventSlim signalled, Func<bool> isHandedOver)
    {
        var registrations = EndingSignals.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            signalled.Set();
        })).ToList();
        while (!_mount.WaitForEnd(TimeSpan.FromMilliseconds(100)) && !signalled.IsSet)
        {
        }

        var failure = isHandedOver() ? null : Close();
        registrations.ForEach(registration => registration.Dispose());
        if (failure is not null)
        {
            _log($"closing the volume failed: {failure.Message}");
        }

        return failure is null ? ExitCode.Done : ExitCode.Failed;
    }

    public void Dispose() => Close();

    /// <summary>Ends in order; the reason why the volume could not be closed, or null.</summary>
    private Exception? Close()
    {
        if (_isClosed)
        {
            return null;
        }

        _isClosed = true;
        Exception? failure = null;
        _mount.Dispose();
        try
        {
            _volume.Dispose();
        }
        catch (Exception exception) when (CommandFailure.From(exception) is not null)
        {
            failure = exception;
        }

        _server.AnnounceClosed(failure);
        _server.Dispose();
        return failure;
    }

    /// <exception cref="CommandFailure">A word is not known.</exception>
    public static MountOptions ParseOptions(string text) =>
        MountOptionParser.TryParse(text, new MountOptions(), out var options, out var error) ? options : throw CommandFailure.Usage(error!);

    private static string[] MakeNotes(FuseMount mount) => mount switch
    {
        { IoUringRefusal: { } refusal } => [$"requests do not come over io_uring: {refusal}"],
        { IsOverIoUring: true } => ["requests come over io_uring: there is no holder, the mount ends with its server and cannot be upgraded"],
        _ => [],
    };

    private static List<string> MakeNotes(Volume volume)
    {
        var information = volume.GetInformation();
        var notes = new List<string>();
        if (!information.WasClean)
        {
            notes.Add($"the volume was not closed in order; recovered {information.RecoveredRecords} records of its log");
        }

        if (information.MediumKind == MediumKind.PmemEmulated)
        {
            notes.Add("the medium emulates persistent memory: what is in it is lost when the machine stops");
        }

        var previews = string.Join(", ", information.Features.Where(feature => feature.Maturity == FeatureMaturity.Preview).Select(feature => feature.Name));
        notes.Add(information.Previews == PreviewPolicy.Refuse
            ? $"previews are refused: {previews}"
            : $"previews, which may still change: {previews}; nopreview refuses them");
        return notes;
    }
}
