using Adit.Fuse.Handlers;
using Adit.Fuse.Handles;
using Adit.Fuse.Notifications;
using Adit.Format;
using Adit.Fuse.Options;
using Adit.Fuse.Requests;
using Adit.Fuse.Session.Rings;
using Adit.Fuse.Succession;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Session;

/// <summary>A conversation with the kernel: negotiated once, then served by reader threads until the transport ends.</summary>
/// <remarks><para>Invariants. Every request gets one reply, but for those of which the protocol says none
/// (FORGET, BATCH_FORGET, INTERRUPT). Serving allocates nothing. No exception leaves <see cref="Dispatcher"/>.
/// The server never touches its own mount.</para>
/// <para>Locks. None of its own around a request; the handle table, the lookup counts and the notifier have small ones
/// that are never held while a node operation or a call to the kernel runs.</para>
/// <para>Failure. A transport that ends (unmounted, aborted) ends the readers; the last one closes what the kernel left
/// open, gives back what it held, and makes all of it durable. The nodes stay open: they belong to the caller.</para></remarks>
internal sealed partial class FuseSession : IDisposable
{
    private const int ReaderStackBytes = 256 << 10;

    // Replaced as a whole when a reader is added.
    private volatile ReaderChannel[] _channels;
    private readonly ManualResetEventSlim _ended = new(false);
    private IDisposable? _observation;
    private ulong _capabilityDrop;
    private int _privilegeEpoch = 1;
    private int _liveReaders;
    private int _isDisposed;
    private int _nextArea;
    private readonly bool _ownsMemory;
    private bool _isSuccessor;

    /// <param name="nodes">What to serve.</param>
    /// <param name="transport">Where requests come from. Owned from here on.</param>
    /// <param name="options">How.</param>
    /// <param name="log">Told what goes wrong.</param>
    /// <param name="memory">Where another server finds what this one has promised, and where it finds what another has; the caller's, for
    /// longer than the nodes. Null: the promises end with this process.</param>
    /// <param name="rings">Where requests come from instead, if the kernel agrees. Owned from here on. Null: they are not wanted or cannot be had.</param>
    public FuseSession(
        INodeOperations nodes, ITransport transport, MountOptions options, FuseLog log, SessionMemory? memory = null, RingQueues? rings = null)
    {
        Rings = rings;
        _ownsMemory = memory is null;
        Memory = memory ?? SessionMemory.CreatePrivate();
        Pages = Memory.File is null ? null : new PresentPages();
        Handles = new HandleTable(Memory);
        Lookups = new LookupCounts(Memory);
        Nodes = nodes;
        Transport = transport;
        Options = options;
        Log = log;
        int readers = options.ReaderCount > 0 ? options.ReaderCount : Math.Max(2, Environment.ProcessorCount);
        _channels = new ReaderChannel[readers];
        int area = 0;
        for (int index = 0; index < readers; index++)
        {
            _channels[index] = new ReaderChannel(Memory, NextFreeArea(ref area), transport);
        }

        _nextArea = area;

        Notifier = new Notifier(this);
        Changes = new ChangeForwarder(this);
    }

    public INodeOperations Nodes { get; }

    public ITransport Transport { get; }

    public MountOptions Options { get; }

    public FuseLog Log { get; }

    /// <summary>What is promised to the kernel.</summary>
    public SessionMemory Memory { get; }

    public HandleTable Handles { get; }

    public LookupCounts Lookups { get; }

    /// <summary>Null where nobody goes on when this process is killed.</summary>
    public PresentPages? Pages { get; }

    public Notifier Notifier { get; }

    /// <summary>Hears of what is changed beside the mount.</summary>
    public ChangeForwarder Changes { get; }

    /// <summary>Null until FUSE_INIT was answered.</summary>
    public Negotiation? Negotiated { get; set; }

    /// <summary>Why the transport ended: ENODEV for an unmount, ECONNABORTED (or another) for an abort. Success while it lives.</summary>
    public Errno EndCause { get; private set; }

    /// <summary>Grows whenever setuid, setgid or capabilities are given to any file; see <see cref="Access.Privileges"/>.</summary>
    public int PrivilegeEpoch => Volatile.Read(ref _privilegeEpoch);

    public ReadOnlySpan<ReaderChannel> Channels => _channels;

    /// <summary>Serves requests on the calling thread until FUSE_INIT has been answered.</summary>
    /// <returns>EPROTO when the kernel is too old; what the transport said when it ended.</returns>
    public Errno Negotiate()
    {
        ReaderChannel channel = _channels[0];
        while (Negotiated is null)
        {
            Errno received = channel.Receive(out int lengthBytes);
            if (IsEnd(received))
            {
                return received;
            }

            if (received != Errno.Success)
            {
                continue;
            }

            Dispatcher.Serve(this, channel, lengthBytes);
        }

        RememberNegotiation();
        if (!Negotiated.Has(InitFlags.OverIoUring))
        {
            Rings?.Dispose();
            Rings = null;
        }

        return Negotiated.Minor < Negotiation.OldestMinor ? Errno.EPROTO : Errno.Success;
    }

    /// <summary>The calling thread commits for the first channel's requests. For tests, whose threads later do other things: what is changed then is still
    /// told to the kernel.</summary>
    internal unsafe void CommitOnThisThread() => ServerSuccession.Serve(Memory, _channels[0].Area);

    internal void RememberNegotiation()
    {
        Memory.Head.Minor = Negotiated!.Minor;
        Volatile.Write(ref Memory.Head.InitFlags, (ulong)Negotiated.Flags);
    }

    /// <summary>Goes on where another server ended: in place of <see cref="Negotiate"/>.</summary>
    /// <returns>What the transport says when it has ended.</returns>
    public Errno Resume()
    {
        Negotiated = new Negotiation(Memory.Head.Minor, (InitFlags)Memory.Head.InitFlags);
        Memory.Head.TakeOverCount++;
        Lookups.Adopt();
        Handles.Adopt(Reopen);
        LeftReplies.Send(this);
        _isSuccessor = true;
        return Notifier.AskAgain();
    }

    /// <summary>Starts the readers and the notifier.</summary>
    public void Start()
    {
        Notifier.Start();
        _observation = (Nodes as IObservableNodes)?.Observe(Changes);
        if (_isSuccessor)
        {
            ServeAgain();
        }

        if (Rings is not null)
        {
            ReadFromRings(Rings);
        }

        _liveReaders = _channels.Length;
        foreach (ReaderChannel channel in _channels)
        {
            StartReader(channel);
        }

        new Thread(Watch, ReaderStackBytes) { Name = "adit-fuse-watch", IsBackground = true }.Start();
    }

    /// <summary>Stops serving and leaves the rest to another server: what is in work is finished, what comes later waits in the kernel. The nodes can then be
    /// closed. Nothing is given back: the kernel goes on holding it.</summary>
    /// <returns>False when a request does not come to its end in time; then the session goes on.</returns>
    public bool TryHandOver(TimeSpan patience)
    {
        _handOverEnded.Reset();
        _isHandingOver = true;

        // A reader that has not seen this yet has its request in work, and is waited for.
        Interlocked.MemoryBarrierProcessWide();
        bool isIdle = SpinWait.SpinUntil(
            () =>
            {
                foreach (ReaderChannel channel in _channels)
                {
                    if (channel.IsInWork)
                    {
                        return false;
                    }
                }

                return true;
            },
            patience);
        if (isIdle)
        {
            _observation?.Dispose();
            Notifier.Stop();
            return true;
        }

        _isHandingOver = false;
        _handOverEnded.Set();
        return false;
    }

    /// <summary>A request that has just been received is left to another server, or served after all if there will be none.</summary>
    public void WaitWhileHandingOver(ReaderChannel channel, in InHeader header)
    {
        while (_isHandingOver)
        {
            channel.Leave();
            _handOverEnded.Wait();
            channel.Begin(header);
        }
    }

    public bool IsHandingOver => _isHandingOver;

    private volatile bool _isHandingOver;
    private readonly ManualResetEventSlim _handOverEnded = new(true);

    /// <summary>Waits until every reader is done and everything left open is closed.</summary>
    /// <returns>False when the time is over first.</returns>
    public bool WaitForEnd(TimeSpan timeout) => _ended.Wait(timeout);

    public bool HasEnded => _ended.IsSet;

    /// <summary>Shut down on request: everything is EIO but giving back what is held.</summary>
    public bool IsShutDown { get; private set; }

    public void ShutDown() => IsShutDown = true;

    public void PrivilegesGiven() => Interlocked.Increment(ref _privilegeEpoch);

    /// <summary>A process removed the capabilities of a file: the kernel does so before a change of content, and then asks for a change of
    /// attributes with nothing in it, which looks like a chown that changes nothing.</summary>
    public void RememberCapabilityDrop(in InHeader header) => Interlocked.Exchange(ref _capabilityDrop, CapabilityDropOf(header));

    /// <summary>Whether the last thing that was done was such a removal, by the same process from the same file.</summary>
    public bool TakeCapabilityDrop(in InHeader header) => Interlocked.Exchange(ref _capabilityDrop, 0) == CapabilityDropOf(header);

    /// <summary>Tells a request in work that its client does not wait any more.</summary>
    public bool TryInterrupt(ulong unique)
    {
        foreach (ReaderChannel channel in _channels)
        {
            if (channel.TryInterrupt(unique))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Frees the buffers. Only after the session ended or when it was never started; a reader that is stuck
    /// in the kernel keeps its buffers until the process ends.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        if (_liveReaders == 0)
        {
            Notifier.Stop();
            Transport.Dispose();
            Rings?.Dispose();
            foreach (ReaderChannel channel in _channels)
            {
                if (channel.Queue >= 0)
                {
                    channel.Transport.Dispose();
                }

                channel.Dispose();
            }

            if (_ownsMemory)
            {
                Memory.Dispose();
            }
        }
    }

    private IOpenFile? Reopen(HandleSlot kept)
    {
        InodeNumber inode = new(kept.Inode);

        // The mount can have become read-only since. The kernel lets that happen only when nobody can write through any file; of one that was just closed
        // it may still have to say so.
        uint flags = Options.ReadOnly ? kept.Flags & ~OpenRequestFlags.AccessMode : kept.Flags;
        Errno outcome = Nodes.Reopen(inode, OpenRequestFlags.ToIntent(flags), out IOpenFile? file);
        if (outcome != Errno.Success)
        {
            Log(FuseLogLevel.Error, $"{inode}, which was open, cannot be opened again: {outcome.Message()}");
            return null;
        }

        if (HandleTable.SinceWritten(kept) is { } since && AdvanceModifyTime(inode, DateTimeOffset.UtcNow - since) is var advanced and not Errno.Success)
        {
            Log(FuseLogLevel.Warning, $"{inode}: the time of its last write is not recorded: {advanced.Message()}");
        }

        return file;
    }

    /// <summary>An overwrite moves the time of the last change up to a second after it happened, which a killed server has not done.</summary>
    private Errno AdvanceModifyTime(InodeNumber inode, DateTimeOffset writtenAt)
    {
        Timestamp written = new(writtenAt.ToUnixTimeSeconds(), (uint)(writtenAt.Ticks % TimeSpan.TicksPerSecond) * 100);
        Errno outcome = Nodes.GetAttributes(inode, out NodeAttributes attributes);
        if (outcome != Errno.Success || Nodes.IsReadOnly
            || attributes.ModifyTime.Seconds > written.Seconds
            || (attributes.ModifyTime.Seconds == written.Seconds && attributes.ModifyTime.Nanoseconds >= written.Nanoseconds))
        {
            return outcome;
        }

        return Nodes.SetAttributes(inode, new AttributeChanges { Fields = AttributeFields.ModifyTime, ModifyTime = written }, out _);
    }

    /// <summary>Serves what the kernel asks again, one after another and before anything else: what was half done is whole before others can see it.</summary>
    private unsafe void ServeAgain()
    {
        Thread server = new(
            () =>
            {
                ReaderChannel channel = _channels[0];
                Serves(channel);
                bool isAgain = true;
                while (isAgain && Transport.HasRequest && !IsEnd(channel.Receive(out int lengthBytes)))
                {
                    isAgain = lengthBytes <= 0 || MoreMayComeAgain((InHeader*)channel.RequestBuffer);
                    if (lengthBytes > 0)
                    {
                        Dispatcher.Serve(this, channel, lengthBytes);
                    }
                }
            },
            ReaderStackBytes)
        {
            Name = "adit-fuse-again",
            IsBackground = true,
        };
        server.Start();
        server.Join();
    }

    /// <summary>What is sent again lies before everything else in the kernel's queue, except for what has no reply, which comes in between.</summary>
    private static unsafe bool MoreMayComeAgain(InHeader* request) =>
        (request->Unique & InHeader.ResendBit) != 0 || request->Opcode is Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt;

    /// <summary>An area of the memory that is neither in use nor holds what the server before left.</summary>
    private unsafe int NextFreeArea(ref int area)
    {
        while (area < SessionMemory.ChannelCount && Memory.Channel(area)->State != RequestState.Idle)
        {
            area++;
        }

        Invariant.That(area < SessionMemory.ChannelCount, "there are areas for more readers than are started");
        return area++;
    }

    private static ulong CapabilityDropOf(in InHeader header) => header.NodeId ^ ((ulong)header.ProcessId << 32) ^ (1UL << 63);

    /// <summary>The kernel sends neither RELEASE nor FORGET for what it held when a mount ends.</summary>
    private void CleanUp()
    {
        try
        {
            _observation?.Dispose();
            Notifier.Stop();
            Handles.CloseAll(exception => Log(FuseLogLevel.Error, $"closing a file after the mount ended: {exception}"));
            Lookups.Drain(Nodes.Forget);
            Errno synced = Nodes.IsReadOnly || IsShutDown ? Errno.Success : Nodes.SyncVolume();
            if (synced != Errno.Success)
            {
                Log(FuseLogLevel.Error, $"making the volume durable after the mount ended: {synced.Message()}");
            }
        }
        catch (Exception exception)
        {
            Log(FuseLogLevel.Error, $"cleaning up after the mount ended: {exception}");
        }
        finally
        {
            _ended.Set();
        }
    }
}
