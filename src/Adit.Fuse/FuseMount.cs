using Adit.Format;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Fuse.Session;
using Adit.Fuse.Session.Rings;
using Adit.Fuse.Succession;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse;

/// <summary>A volume mounted as an ordinary file system, and the server behind it.</summary>
/// <remarks><para>The nodes belong to the caller: they stay open when the mount ends, by whatever way it does, and must
/// outlive it. Never touch the mount from the process that serves it: with all readers busy that waits for itself.</para>
/// <para>Thread-safe.</para></remarks>
public sealed class FuseMount : IDisposable
{
    private static readonly TimeSpan DetachPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AbortPatience = TimeSpan.FromSeconds(5);

    private readonly FuseSession _session;
    private readonly uint _connection;
    private readonly FuseLog _log;

    private FuseMount(FuseSession session, string mountPoint, uint connection, FuseLog log)
    {
        _session = session;
        _connection = connection;
        _log = log;
        MountPoint = mountPoint;
    }

    /// <summary>The directory, absolute and without symbolic links.</summary>
    public string MountPoint { get; }

    /// <summary>What it was told to be. What root has changed in the kernel since is in the mount table.</summary>
    public MountOptions Options => _session.Options;

    /// <summary>The mount is gone, everything its users left open is closed, and all of it is durable.</summary>
    public bool HasEnded => _session.HasEnded;

    /// <summary>Requests come over io_uring.</summary>
    public bool IsOverIoUring => _session.Rings is not null;

    /// <summary>Why requests do not come over io_uring although that was asked for, and what helps; or null.</summary>
    public string? IoUringRefusal { get; private init; }

    /// <summary>The kernel is set to offer io_uring to a mount that is made now.</summary>
    public static bool IsIoUringSwitchedOn => RingSupport.IsSwitchedOn;

    /// <summary>Mounts, and serves until <see cref="Unmount"/>, <see cref="Dispose"/>, or an unmount from outside.
    /// The mount answers when this returns.</summary>
    /// <param name="nodes">What to serve.</param>
    /// <param name="mountPoint">An existing directory that nothing is mounted on.</param>
    /// <param name="options">How.</param>
    /// <param name="log">Told what goes wrong later.</param>
    /// <param name="memory">Shared with whoever is to go on when this process dies; must outlive the mount and the nodes. Null: nobody.</param>
    /// <param name="mounted">Gets the channel to the kernel as soon as it is there, to keep a duplicate of it.</param>
    /// <exception cref="MountException">It cannot be mounted; the message says what helps.</exception>
    public static FuseMount Start(
        INodeOperations nodes, string mountPoint, MountOptions options, FuseLog log, SessionMemory? memory = null, Action<FileDescriptor>? mounted = null)
    {
        if (nodes.IsReadOnly)
        {
            options = options with { ReadOnly = true };
        }

        string path = Mounting.MountPoint.Prepare(mountPoint, log);
        using DetachedMount? detached = MakeDetached(options, out FileDescriptor? channel);
        FileDescriptor device = channel ?? (Libc.geteuid() == 0 ? KernelMount.Mount(path, options) : HelperMount.Mount(path, options));
        bool isAttached = detached is null;
        FuseSession? session = null;
        try
        {
            mounted?.Invoke(device);
            RingQueues? rings = PrepareRings(device, options, memory, out string? refusal);
            session = new FuseSession(nodes, new DeviceTransport(device), options, log, memory, rings);
            Errno negotiated = session.Negotiate();
            if (negotiated != Errno.Success)
            {
                throw new MountException(negotiated, negotiated == Errno.EPROTO
                    ? "this kernel's FUSE is too old: Adit needs Linux 5.4 or newer"
                    : $"the kernel ended the mount at once: {negotiated.Message()}");
            }

            if (options.AllowIdMaps && !session.Negotiated!.Has(InitFlags.AllowIdMap))
            {
                throw new MountException(Errno.ENOTSUP, "this kernel cannot map the ids of FUSE mounts (Linux 6.12 can): leave out idmaps and X-mount.idmap");
            }

            if (detached is not null)
            {
                using (FileDescriptor users = UserNamespace.Open(options.IdMap!))
                {
                    detached.Map(users);
                }

                detached.Attach(path);
                isAttached = true;
            }

            uint connection = MountTable.Find(path)?.DeviceMinor ?? 0;
            session.Memory.Head.Connection = connection;
            session.Start();
            if (rings is not null && session.Rings is null)
            {
                refusal = RingSupport.WhyNotOffered;
            }

            if (refusal is not null)
            {
                log(FuseLogLevel.Warning, $"requests do not come over io_uring: {refusal}");
            }

            log(FuseLogLevel.Information, $"mounted {options.Source} on {path}; MAP_SYNC and FICLONE do not exist through FUSE: for direct access use the library");
            return new FuseMount(session, path, connection, log) { IoUringRefusal = refusal };
        }
        catch
        {
            if (isAttached)
            {
                _ = Unmounter.TryUnmount(path, lazily: true, out _);
            }

            device.Dispose();
            session?.Dispose();
            throw;
        }
    }

    /// <summary>Goes on serving a mount whose server has died or made way. The kernel hears nothing of it: it sends again what was not answered.</summary>
    /// <param name="nodes">The same nodes, opened with a <see cref="ServerSuccession"/> over the same memory.</param>
    /// <param name="device">The channel to the kernel. Taken over.</param>
    /// <param name="mountPoint">Where it is mounted, or was until somebody unmounted it.</param>
    /// <param name="options">How.</param>
    /// <param name="log">Told what goes wrong later.</param>
    /// <param name="memory">What the server before has promised. Must outlive the mount and the nodes.</param>
    public static FuseMount Resume(
        INodeOperations nodes, FileDescriptor device, string mountPoint, MountOptions options, FuseLog log, SessionMemory memory)
    {
        if (nodes.IsReadOnly)
        {
            options = options with { ReadOnly = true };
        }

        FuseSession session = new(nodes, new DeviceTransport(device), options, log, memory);
        Errno resumed = session.Resume();
        if (resumed is not (Errno.Success or Errno.ENODEV or Errno.ENOTCONN or Errno.EPERM))
        {
            throw new MountException(resumed, $"the kernel does not send again what it asked the server before: {resumed.Message()}");
        }

        // Of a mount that has ended the readers hear so, and close what was left open.
        session.Start();
        return new FuseMount(session, mountPoint, memory.Head.Connection, log);
    }

    /// <summary>How many servers went on with this mount in the place of another.</summary>
    public int TakeOverCount => _session.Memory.TakeOverCount;

    /// <summary>Another server can go on with this mount: the kernel is able to ask again.</summary>
    public bool CanBeResumed => _session.Negotiated!.Has(InitFlags.HasResend) && _session.Memory.File is not null;

    /// <summary>Stops serving, so that another server goes on: the mount stays, requests wait. Close the nodes then, and end the process.</summary>
    /// <returns>False when a request does not come to its end; the mount is served on.</returns>
    public bool TryHandOver(TimeSpan patience) => _session.TryHandOver(patience);

    /// <summary>Waits until the mount has ended, from outside or from here.</summary>
    /// <returns>False when the time is over first.</returns>
    public bool WaitForEnd(TimeSpan timeout) => _session.WaitForEnd(timeout);

    /// <summary>Unmounts and waits until everything is closed and durable.</summary>
    /// <param name="lazily">Take it out of the tree even when it is in use; users that do not end are cut off.</param>
    /// <exception cref="MountException">EBUSY: in use, and by whom; the mount goes on.</exception>
    public void Unmount(bool lazily = false)
    {
        // The mount of an aborted connection is still there when its session has ended.
        if (IsMounted)
        {
            // EINVAL: nothing is mounted there any more, someone else was faster.
            Errno outcome = Unmounter.TryUnmount(MountPoint, lazily: false, out string complaint);
            if (outcome == Errno.EBUSY && lazily)
            {
                outcome = Unmounter.TryUnmount(MountPoint, lazily: true, out complaint);
            }

            if (outcome is not (Errno.Success or Errno.EINVAL or Errno.ENOENT))
            {
                throw outcome == Errno.EBUSY
                    ? new MountException(outcome, $"{MountPoint} is in use{MountUsers.Describe(MountPoint)}: end that first, or unmount lazily")
                    : new MountException(outcome, $"unmounting {MountPoint}: {(complaint.Length > 0 ? complaint : outcome.Message())}");
            }
        }

        if (!WaitForEnd(DetachPatience))
        {
            Abort();
        }
    }

    /// <summary>Unmounts by all means: as <see cref="Unmount"/>, else lazily, else by cutting the connection.</summary>
    public void Dispose()
    {
        try
        {
            Unmount(lazily: true);
        }
        catch (MountException exception)
        {
            _log(FuseLogLevel.Error, $"{exception.Message}; cutting the connection");
            Abort();
        }

        if (HasEnded)
        {
            _session.Dispose();
        }
    }

    /// <summary>Bytes of a file were changed beside the mount: what the kernel cached of them is dropped.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many; 0: to the end.</param>
    /// <remarks>This and its siblings only queue: they never block or fail, and may be called under any lock.</remarks>
    public void DataChanged(InodeNumber inode, long offsetBytes, long lengthBytes) =>
        _session.Notifier.Post(NotifyCode.InvalidateInode, inode, default, offsetBytes, lengthBytes, default);

    /// <summary>Attributes, extended attributes or the length of a node were changed beside the mount.</summary>
    public void AttributesChanged(InodeNumber inode)
    {
        _session.PrivilegesGiven();
        _session.Notifier.Post(NotifyCode.InvalidateInode, inode, default, -1, 0, default);
    }

    /// <summary>A name came, or means another node now.</summary>
    public void EntryChanged(InodeNumber directory, ReadOnlySpan<byte> name) =>
        _session.Notifier.Post(NotifyCode.InvalidateEntry, directory, default, 0, 0, name);

    /// <summary>A name went. Those who watch the directory are told too.</summary>
    public void EntryRemoved(InodeNumber directory, InodeNumber node, ReadOnlySpan<byte> name) =>
        _session.Notifier.Post(NotifyCode.Delete, directory, node, 0, 0, name);

    /// <summary>What the server did so far.</summary>
    public MountStatistics GetStatistics() => MountStatistics.Of(_session);

    /// <summary>A mount whose ids are mapped is made before it is put anywhere; null: it is another one.</summary>
    /// <param name="options">Of the mount.</param>
    /// <param name="device">The channel to the kernel.</param>
    private static DetachedMount? MakeDetached(MountOptions options, out FileDescriptor? device)
    {
        device = null;
        if (options.IdMap is null)
        {
            return null;
        }

        if (Libc.geteuid() != 0)
        {
            throw new MountException(Errno.EPERM, "X-mount.idmap: only root may map the ids of a mount");
        }

        device = KernelMount.OpenDevice();
        try
        {
            return DetachedMount.Make(device, options);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private static RingQueues? PrepareRings(FileDescriptor device, MountOptions options, SessionMemory? memory, out string? refusal)
    {
        refusal = null;
        if (!options.OverIoUring)
        {
            return null;
        }

        if (memory?.File is not null)
        {
            refusal = RingSupport.IsSwitchedOn ? "another server could not go on with what this one has in work: mount without a holder" : RingSupport.WhyNotOffered;
            return null;
        }

        return RingQueues.TryPrepare(device, options.ReaderCount, out refusal);
    }

    private bool IsMounted => MountTable.Find(MountPoint) is { IsAdit: true } mounted && mounted.DeviceMinor == _connection;

    private void Abort()
    {
        Errno aborted = ConnectionControl.Abort(_connection);
        if (!WaitForEnd(AbortPatience))
        {
            _log(FuseLogLevel.Error, $"the server of {MountPoint} does not end ({aborted.Message()}); it is left to the end of the process");
        }
    }
}
