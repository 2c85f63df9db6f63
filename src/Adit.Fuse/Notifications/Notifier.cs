using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse.Notifications;

/// <summary>Tells the kernel what was changed beside the mount, so that it asks again instead of using what it cached.</summary>
/// <remarks><para>A notification waits in the kernel for the inode's locks, which a request in work may hold, so they are
/// sent by a thread of their own and never by one that serves. Telling only queues: it never blocks, allocates or
/// fails, so it may be done under any lock.</para>
/// <para>The queue is bounded. When it is full everything the kernel holds is invalidated instead, once.</para></remarks>
internal sealed unsafe class Notifier(FuseSession session)
{
    private const int Capacity = 1024;
    private const int MaxRepeats = 20;

    /// <summary>The kernel's name for the first protocol with NOTIFY_INC_EPOCH.</summary>
    private const uint EpochMinor = 44;

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Item[] _queue = new Item[Capacity];
    private readonly byte[] _names = new byte[Capacity * INodeOperations.MaxNameBytes];
    private Thread? _thread;
    private int _first;
    private int _count;
    private bool _overflowed;
    private volatile bool _stopping;
    private long _sentCount;

    // Under _lock: how many were posted. Read anywhere: up to which all were sent, or could not be.
    private long _postedCount;
    private long _doneCount;

    // Under _sent.
    private readonly object _sent = new();
    private int _waiters;
    private long _stuckAt = -1;

    /// <summary>How many notifications the kernel took.</summary>
    public long SentCount => Volatile.Read(ref _sentCount);

    /// <summary>Nothing queued or being sent.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return _count == 0 && !_overflowed;
            }
        }
    }

    public void Start()
    {
        _thread = new Thread(Run, 256 << 10) { Name = "adit-fuse-notify", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Ends the thread. One that waits in the kernel is left to end with the connection.</summary>
    public bool Stop()
    {
        _stopping = true;
        _wake.Set();
        lock (_sent)
        {
            Monitor.PulseAll(_sent);
        }

        return _thread is null || _thread == Thread.CurrentThread || _thread.Join(TimeSpan.FromSeconds(2));
    }

    /// <param name="kind">What to tell.</param>
    /// <param name="inode">The inode, or the directory of a name.</param>
    /// <param name="child">The inode that lost its name, for <see cref="NotifyCode.Delete"/>.</param>
    /// <param name="offset">Start of the bytes, negative for attributes only.</param>
    /// <param name="length">Of the bytes; 0 to the end.</param>
    /// <param name="name">For names.</param>
    public void Post(NotifyCode kind, InodeNumber inode, InodeNumber child, long offset, long length, ReadOnlySpan<byte> name)
    {
        if (name.Length > INodeOperations.MaxNameBytes || !session.Lookups.IsKnown(inode))
        {
            // The kernel caches nothing of an inode it does not hold.
            return;
        }

        lock (_lock)
        {
            _postedCount++;
            if (_count == Capacity)
            {
                _overflowed = true;
                _count = 0;
            }

            if (!_overflowed)
            {
                int index = (_first + _count) % Capacity;
                _queue[index] = new Item(kind, inode, child, offset, length, name.Length);
                name.CopyTo(NameAt(index));
                _count++;
            }
        }

        _wake.Set();
    }

    /// <summary>Waits until all that was posted before the call was sent. The kernel may keep the notifier waiting for a request that
    /// waits for the caller: so not for long, and not again while the notifier has not moved.</summary>
    public void WaitUntilSent(TimeSpan patience)
    {
        long target = Volatile.Read(ref _postedCount);
        if (Volatile.Read(ref _doneCount) >= target || _stopping)
        {
            return;
        }

        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_sent)
        {
            _waiters++;
            long seen = Volatile.Read(ref _doneCount);
            while (seen < target && !_stopping && _stuckAt != seen)
            {
                int leftMs = (int)(deadline - Environment.TickCount64);
                if (leftMs <= 0)
                {
                    _stuckAt = seen;
                    break;
                }

                Monitor.Wait(_sent, leftMs);
                seen = Volatile.Read(ref _doneCount);
            }

            _waiters--;
        }
    }

    /// <summary>Tells at once, on the calling thread, that the attributes of a file that is open changed. Allowed for this
    /// alone while a request is served: without bytes to invalidate the kernel takes no lock that a request may hold, and
    /// an open inode is not one that is being made or freed.</summary>
    public void InvalidateAttributesOfOpen(InodeNumber inode)
    {
        byte* message = stackalloc byte[sizeof(OutHeader) + sizeof(NotifyInvalidateInodeOut)];
        Send(message, NotifyCode.InvalidateInode, LayOutInode(message + sizeof(OutHeader), inode, -1, 0));
    }

    /// <summary>Has the kernel send again all requests that were received and not answered.</summary>
    public Errno AskAgain()
    {
        byte* message = stackalloc byte[sizeof(OutHeader)];
        return Send(message, NotifyCode.Resend, 0);
    }

    private Span<byte> NameAt(int index) => _names.AsSpan(index * INodeOperations.MaxNameBytes, INodeOperations.MaxNameBytes);

    private void Run()
    {
        byte* message = (byte*)NativeMemory.AllocZeroed(1024);
        try
        {
            while (!_stopping)
            {
                _wake.WaitOne();
                while (!_stopping && TakeNext(message, out NotifyCode kind, out int lengthBytes, out long number))
                {
                    if (lengthBytes == 0)
                    {
                        InvalidateEverything(message);
                    }
                    else
                    {
                        SendUntilKnown(message, kind, lengthBytes);
                    }

                    Done(number);
                }
            }
        }
        catch (Exception exception)
        {
            session.Log(FuseLogLevel.Error, $"the notifier failed; what changes beside the mount is seen late from now on: {exception}");
        }
        finally
        {
            NativeMemory.Free(message);
        }
    }

    private void Done(long number)
    {
        Interlocked.Exchange(ref _doneCount, number);
        lock (_sent)
        {
            if (_waiters != 0)
            {
                Monitor.PulseAll(_sent);
            }
        }
    }

    /// <summary>The kernel does not know an inode whose first reply is still on its way, and would cache it when it arrives: it is told
    /// again a little later.</summary>
    private void SendUntilKnown(byte* message, NotifyCode kind, int bodyBytes)
    {
        Errno sent = Send(message, kind, bodyBytes);
        if (kind != NotifyCode.InvalidateInode)
        {
            return;
        }

        InodeNumber inode = new(((NotifyInvalidateInodeOut*)(message + sizeof(OutHeader)))->Inode);
        for (int i = 0; i < MaxRepeats && sent == Errno.ENOENT && session.Lookups.IsKnown(inode) && !_stopping; i++)
        {
            Thread.Sleep(TimeSpan.FromMicroseconds(200));
            sent = Send(message, kind, bodyBytes);
        }
    }

    /// <summary>Takes one item and lays its message out behind the header.</summary>
    /// <param name="message">Where to.</param>
    /// <param name="kind">Its code.</param>
    /// <param name="lengthBytes">Of the body; 0: the queue was too short, invalidate everything.</param>
    /// <param name="number">With it all posts up to this one are done.</param>
    private bool TakeNext(byte* message, out NotifyCode kind, out int lengthBytes, out long number)
    {
        byte* body = message + sizeof(OutHeader);
        lock (_lock)
        {
            kind = default;
            lengthBytes = 0;
            number = _postedCount - _count;
            if (_overflowed)
            {
                _overflowed = false;
                return true;
            }

            if (_count == 0)
            {
                return false;
            }

            Item item = _queue[_first];
            ReadOnlySpan<byte> name = NameAt(_first)[..item.NameLength];
            _first = (_first + 1) % Capacity;
            _count--;
            number++;
            kind = item.Kind;
            lengthBytes = kind switch
            {
                NotifyCode.InvalidateEntry => LayOutEntry(body, item, name),
                NotifyCode.Delete => LayOutDelete(body, item, name),
                _ => LayOutInode(body, item.Inode, item.Offset, item.Length),
            };
            return true;
        }
    }

    private static int LayOutInode(byte* body, InodeNumber inode, long offset, long length)
    {
        *(NotifyInvalidateInodeOut*)body = new NotifyInvalidateInodeOut { Inode = inode.Value, Offset = offset, Length = length };
        return sizeof(NotifyInvalidateInodeOut);
    }

    private static int LayOutEntry(byte* body, in Item item, ReadOnlySpan<byte> name)
    {
        *(NotifyInvalidateEntryOut*)body = new NotifyInvalidateEntryOut { Parent = item.Inode.Value, NameLength = (uint)name.Length };
        return sizeof(NotifyInvalidateEntryOut) + LayOutName(body + sizeof(NotifyInvalidateEntryOut), name);
    }

    private static int LayOutDelete(byte* body, in Item item, ReadOnlySpan<byte> name)
    {
        *(NotifyDeleteOut*)body = new NotifyDeleteOut { Parent = item.Inode.Value, Child = item.Child.Value, NameLength = (uint)name.Length };
        return sizeof(NotifyDeleteOut) + LayOutName(body + sizeof(NotifyDeleteOut), name);
    }

    private static int LayOutName(byte* place, ReadOnlySpan<byte> name)
    {
        name.CopyTo(new Span<byte>(place, name.Length));
        place[name.Length] = 0;
        return name.Length + 1;
    }

    private Errno Send(byte* message, NotifyCode kind, int bodyBytes)
    {
        OutHeader* header = (OutHeader*)message;
        *header = new OutHeader { Length = (uint)(sizeof(OutHeader) + bodyBytes), Error = (int)kind, Unique = 0 };
        IoVector part = new(message, header->Length);
        Errno sent = session.Transport.Send(&part, 1);
        switch (sent)
        {
            case Errno.Success:
                Interlocked.Increment(ref _sentCount);
                break;

            // The kernel does not know the name or inode (ENOENT), a deleted directory is in use there (ENOTEMPTY, EBUSY),
            // the name is another file by now (ENOTDIR, EISDIR), or the mount has ended.
            case Errno.ENOENT or Errno.ENOTEMPTY or Errno.EBUSY or Errno.ENOTDIR or Errno.EISDIR or Errno.ENODEV or Errno.ENOTCONN or Errno.EPERM:
                break;
            default:
                session.Log(FuseLogLevel.Warning, $"the kernel did not take a notification ({kind}): {sent.Message()}");
                break;
        }

        return sent;
    }

    private void InvalidateEverything(byte* message)
    {
        if (session.Negotiated is { Minor: >= EpochMinor })
        {
            Send(message, NotifyCode.IncrementEpoch, 0);
        }
        else
        {
            session.Log(FuseLogLevel.Warning, "too many changes beside the mount at once: cached names may stay until they expire");
        }

        foreach (InodeNumber inode in session.Lookups.Snapshot())
        {
            if (_stopping)
            {
                return;
            }

            Send(message, NotifyCode.InvalidateInode, LayOutInode(message + sizeof(OutHeader), inode, 0, 0));
        }
    }

    private readonly record struct Item(NotifyCode Kind, InodeNumber Inode, InodeNumber Child, long Offset, long Length, int NameLength);
}
