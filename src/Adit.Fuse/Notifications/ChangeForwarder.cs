using Adit.Format;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Nodes;

namespace Adit.Fuse.Notifications;

/// <summary>Passes on to the kernel what others than the mount change in the volume: the library, pins and views, page sources,
/// another mount.</summary>
/// <remarks><para>What a request of this mount changes the kernel knows; it is told apart by the thread that serves it.</para>
/// <para>A change is told only when the kernel may have a copy: replies mark what they give away (<see cref="KernelCache"/>) before they
/// look at <see cref="Epoch"/>, and a change moves the epoch before it looks at the marks. So of a reply and a change that meet, the
/// reply sees a new epoch and lets nothing be cached, or the change sees the mark and tells.</para>
/// <para>One notice invalidates all of a file's pages: marks are not kept by page.</para></remarks>
internal sealed class ChangeForwarder(FuseSession session) : IChangeObserver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The session whose requests this thread serves.</summary>
    [ThreadStatic]
    private static FuseSession? t_serves;

    private int _epoch = 1;
    private int _dataEpoch = 1;

    /// <summary>Moves with every change beside the mount.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>Moves whenever a mark of data is taken off any inode.</summary>
    public int DataEpoch => Volatile.Read(ref _dataEpoch);

    /// <summary>The calling thread serves requests of a session from now on.</summary>
    public static void Serve(FuseSession session) => t_serves = session;

    public void DataChanged(InodeNumber inode, long offsetBytes, long lengthBytes)
    {
        if (!IsOwn)
        {
            Tell(inode, KernelCache.All);
        }
    }

    public void UsageChanged(InodeNumber inode)
    {
        if (!IsOwn)
        {
            Tell(inode, KernelCache.Attributes);
        }
    }

    public void PagesFilled(InodeNumber inode, long offsetBytes, long lengthBytes) =>
        Tell(inode, IsOwn ? KernelCache.Attributes : KernelCache.All);

    public void AttributesChanged(InodeNumber inode)
    {
        if (!IsOwn)
        {
            session.PrivilegesGiven();
            Tell(inode, KernelCache.Attributes);
        }
    }

    public void EntryChanged(InodeNumber directory, ReadOnlySpan<byte> name)
    {
        if (!IsOwn)
        {
            Interlocked.Increment(ref _epoch);
            session.Notifier.Post(NotifyCode.InvalidateEntry, directory, default, 0, 0, name);
        }
    }

    public void EntryRemoved(InodeNumber directory, InodeNumber node, ReadOnlySpan<byte> name)
    {
        if (!IsOwn)
        {
            Interlocked.Increment(ref _epoch);
            session.Notifier.Post(NotifyCode.Delete, directory, node, 0, 0, name);
        }
    }

    /// <summary>A thread that serves never waits: what is to be told may wait for the very request it serves.</summary>
    public void WaitUntilTold()
    {
        if (t_serves is null)
        {
            session.Notifier.WaitUntilSent(Patience);
        }
    }

    private bool IsOwn => ReferenceEquals(t_serves, session);

    private void Tell(InodeNumber inode, KernelCache changed)
    {
        // A full fence between the change and the look at the marks.
        Interlocked.Increment(ref _epoch);
        KernelCache cached = session.Lookups.Take(inode, changed);
        if ((cached & KernelCache.Data) != 0)
        {
            Interlocked.Increment(ref _dataEpoch);
            session.Notifier.Post(NotifyCode.InvalidateInode, inode, default, 0, 0, default);
        }
        else if (cached != KernelCache.None)
        {
            session.Notifier.Post(NotifyCode.InvalidateInode, inode, default, -1, 0, default);
        }
    }
}
