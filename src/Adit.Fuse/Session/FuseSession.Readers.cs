using Adit.Fuse.Handlers;
using Adit.Fuse.Notifications;
using Adit.Fuse.Session.Rings;
using Adit.Fuse.Succession;
using Adit.Interop;

namespace Adit.Fuse.Session;

/// <content>The threads that take requests.</content>
internal sealed partial class FuseSession
{
    /// <summary>More readers of one place than that are not started, however many requests wait.</summary>
    private const int MaxReaders = 64;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Directories that the kernel refuses to be asked about, at most, before a file.</summary>
    private const int MaxAsked = 4096;

    private readonly Lock _adding = new();

    /// <summary>Null: requests come as always.</summary>
    public RingQueues? Rings { get; private set; }

    private static bool IsEnd(Errno outcome) =>
        outcome is not (Errno.Success or Errno.EINTR or Errno.EAGAIN or Errno.ENOENT);

    /// <summary>Of the classic channel one reader stays: what is given back, and interrupts, come that way always.</summary>
    private void ReadFromRings(RingQueues rings)
    {
        foreach (ReaderChannel idle in _channels.AsSpan(1))
        {
            idle.Dispose();
        }

        _nextArea = 1;
        _channels = [_channels[0], .. rings.First.Select(transport => new ReaderChannel(Memory, NextFreeArea(ref _nextArea), transport, transport.Queue))];
    }

    private void StartReader(ReaderChannel channel) =>
        new Thread(() => Read(channel), ReaderStackBytes) { Name = $"adit-fuse-{channel.Index}", IsBackground = true }.Start();

    /// <summary>The calling thread serves the requests of a channel from now on.</summary>
    private unsafe void Serves(ReaderChannel channel)
    {
        ChangeForwarder.Serve(this);
        ServerSuccession.Serve(Memory, channel.Area);
    }

    private void Read(ReaderChannel channel)
    {
        Errno received = Errno.Success;
        Serves(channel);
        if (channel.Transport is RingTransport ring)
        {
            received = Begin(ring, channel);
        }

        while (!IsEnd(received))
        {
            received = channel.Receive(out int lengthBytes);
            if (received == Errno.Success)
            {
                Dispatcher.Serve(this, channel, lengthBytes);
            }
        }

        if (channel.Queue >= 0)
        {
            RingEnded((RingTransport)channel.Transport, received);
        }
        else if (EndCause == Errno.Success)
        {
            EndCause = received;
        }

        if (Interlocked.Decrement(ref _liveReaders) == 0)
        {
            CleanUp();
        }
    }

    private unsafe Errno Begin(RingTransport ring, ReaderChannel channel)
    {
        // A processor that is not there has no requests, and lets nobody be bound to it.
        _ = RingQueues.TryBind(ring.Queue);
        Errno begun = ring.Begin(channel.RequestBuffer);
        if (begun == Errno.Success && ring.IsLate)
        {
            // Where the kernel holds no file, what is queued goes on with the next request of this processor.
            _ = Lookups.Snapshot().Take(MaxAsked).Any(inode => ring.AskForOne(inode) == Errno.Success);
        }

        return begun;
    }

    /// <summary>All rings end with the connection. When the kernel refuses one at its start, requests come as always, and need readers for that; one that ends
    /// later is replaced.</summary>
    private void RingEnded(RingTransport ring, Errno cause)
    {
        if (cause is Errno.ENOTCONN or Errno.ECONNABORTED or Errno.ENODEV)
        {
            return;
        }

        Log(FuseLogLevel.Error, $"a reader over io_uring of processor {ring.Queue} ended: {cause.Message()}");
        AddReader(ring.IsRegistered ? ring.Queue : -1);
    }

    /// <summary>Adds a reader whenever all of one place have been at the same requests for a while: some requests wait for others (a truncation for the
    /// end of a pin), which may need a reader to come to their end.</summary>
    private void Watch()
    {
        int[] moved = new int[(Rings?.Count ?? 0) + 1];
        while (!_ended.Wait(WatchInterval))
        {
            Array.Clear(moved);
            foreach (ReaderChannel channel in _channels)
            {
                moved[channel.Queue + 1] += channel.HasNotMoved() ? 0 : 1;
            }

            for (int queue = -1; queue < moved.Length - 1; queue++)
            {
                if (moved[queue + 1] == 0)
                {
                    AddReader(queue);
                }
            }
        }
    }

    /// <param name="queue">See <see cref="ReaderChannel.Queue"/>.</param>
    private void AddReader(int queue)
    {
        lock (_adding)
        {
            int most = Rings is null || queue >= 0 ? MaxReaders : MaxReaders / 8;
            if (_channels.Length >= RingQueues.MaxReaders || _channels.Count(channel => channel.Queue == queue) >= most)
            {
                return;
            }

            RingTransport? ring = null;
            if (queue >= 0 && Rings!.TryAdd(queue, isLate: true, out ring) is var made and not Errno.Success)
            {
                Log(FuseLogLevel.Warning, $"no reader over io_uring can be added: {made.Message()}");
                return;
            }

            if (!TryAddLiveReader())
            {
                ring?.Dispose();
                return;
            }

            ReaderChannel added = new(Memory, NextFreeArea(ref _nextArea), (ITransport?)ring ?? Transport, queue);
            _channels = [.. _channels, added];
            StartReader(added);
        }
    }

    /// <returns>False when the last reader has gone: the session has ended.</returns>
    private bool TryAddLiveReader()
    {
        int live;
        do
        {
            live = Volatile.Read(ref _liveReaders);
        }
        while (live != 0 && Interlocked.CompareExchange(ref _liveReaders, live + 1, live) != live);

        return live != 0;
    }
}
