using Adit.Dax.Mappings;
using Adit.Extents;
using Adit.Files;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop.Locking;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit.Inodes;

/// <summary>An inode in use: its attributes, its extents, and the space reserved for its growth. There is at most one object for
/// an inode number, and while there is one it is the truth: it may be ahead of the record in the tree by time stamps, never by
/// anything else.</summary>
/// <remarks>Fields are guarded by <see cref="Lock"/> unless they say otherwise. Time stamps that an overwrite or a read moves are only
/// marked (<see cref="Pending"/>), and get their moment when somebody looks at them, at the latest at a sync, at the close or a second
/// later: so the overwrite path neither reads the clock nor writes a record.</remarks>
internal sealed class Inode(InodeNumber number, in InodeRecord record)
{
    /// <summary>The attributes. Not the time stamps that <see cref="Pending"/> names.</summary>
    public InodeRecord Record = record;

    /// <summary>Blocks reserved behind the file's last ones, for its growth. In no record yet.</summary>
    public BlockExtent Ahead;

    /// <summary>The file block that the first of <see cref="Ahead"/> is meant for.</summary>
    public long AheadFileBlock;

    /// <summary>Whether the file's first mebibyte has been put in its place, or need not be; see the space policy.</summary>
    public bool IsHeadPlaced;

    /// <summary>The file's mapping, if somebody has asked for it since the file was opened. Set and forgotten with the lock held exclusively;
    /// read with it shared, or by whoever only wants to know that there is none.</summary>
    public AddressSpace? Space;

    /// <summary>What was an open file of the inode and is the next one's that is opened: closed by somebody who is known to have forgotten it.</summary>
    public FileHandle? ClosedFile;

    /// <summary>It has had a mapping: what looks after that may point to the inode for longer than it is used.</summary>
    public bool WasMapped;

    /// <summary>On the list of those whose mapping is to be forgotten, which links them; see <see cref="VolumeContext.TryCloseMappingLater"/>.</summary>
    public int IsMappingLeft;

    public Inode? NextMappingLeft;

    /// <summary>The state that the file came into use with: its bytes go through private buffers, with checksums. Changes only while nobody uses
    /// the file, and with the lock held exclusively; so whoever has it open reads it without.</summary>
    public bool IsPrivate;

    /// <summary>The record is gone: nothing may be done with the inode any more.</summary>
    public bool IsGone;

    /// <summary>A truncation could not be finished: the extents from here on are still to be freed. Else <see cref="long.MaxValue"/>.</summary>
    public long TruncatingFrom = long.MaxValue;

    /// <summary>The record in the tree has older time stamps than <see cref="Record"/>.</summary>
    public bool IsRecordBehind;

    /// <summary>A read moves the access time: it is not later than the last change. Derived from the record.</summary>
    public bool IsAccessTimeOld;

    /// <summary>It is known to have no extended attribute. When false, the tree has to be asked.</summary>
    public bool HasNoAttributes;

    /// <summary>How many uses there are: operations under way, opens, places on lists. Guarded by the table's stripe.</summary>
    public int Uses;

    /// <summary>Neighbours among the idle inodes of the table's stripe. Guarded by the stripe.</summary>
    public Inode? OlderIdle;

    public Inode? NewerIdle;

    private int _pending;
    private ExtentMap? _extents;
    private bool _hasNoExtents;

    public InodeNumber Number { get; private set; } = number;

    public RankedReaderWriterLock Lock { get; } = new(LockRank.Inode, number.Value);

    /// <summary>What is known of its extents. Made when it is asked for: many files are made and gone without any.</summary>
    public ExtentMap Extents => _extents ?? MakeExtents();

    /// <summary>On the list of those whose time stamps are to be recorded. This and its neighbours there are guarded by the list.</summary>
    public bool IsListed;

    public Inode? PreviousListed;

    public Inode? NextListed;

    /// <summary>Made without a name: it may still get its first one.</summary>
    public bool IsTemporary;

    /// <summary>Open handles. Guarded by <see cref="Lock"/>.</summary>
    public int OpenCount;

    /// <summary>Opened, pinned or viewed. Needs the lock.</summary>
    public bool IsInUse => OpenCount != 0 || Space is not null;

    public PendingTimes Pending => (PendingTimes)Volatile.Read(ref _pending);

    /// <summary>An inode that is being made, used once: without extents and attributes.</summary>
    /// <param name="isOpen">The use is an open file.</param>
    public static Inode New(InodeNumber number, in InodeRecord record, bool isOpen)
    {
        Inode? inode = InodePool.Take();
        if (inode is null)
        {
            inode = new(number, in record);
        }
        else
        {
            inode.Renew(number, in record);
        }

        inode.Uses = 1;
        inode.OpenCount = isOpen ? 1 : 0;
        inode.HasNoAttributes = true;
        inode.IsAccessTimeOld = (record.Flags & (uint)FileFlags.NoAccessTime) == 0;
        inode._hasNoExtents = true;
        return inode;
    }

    /// <summary>Nobody uses it any more and the table has dropped it: it may become another file's.</summary>
    /// <remarks>What still points to it then is a file that was closed: that asks, under the lock, whether it is closed before it looks at
    /// anything here. What a mapping or a list points to stays what it was.</remarks>
    public void Recycle()
    {
        if (!WasMapped && !IsListed && (_extents is null || _extents.IsSmall))
        {
            InodePool.Put(this);
        }
    }

    /// <summary>Becomes another inode, as it is made by the constructor.</summary>
    private void Renew(InodeNumber number, in InodeRecord record)
    {
        Number = number;
        Lock.Renumber(number.Value);
        Record = record;
        Ahead = default;
        AheadFileBlock = 0;
        IsHeadPlaced = false;
        IsPrivate = false;
        IsGone = false;
        TruncatingFrom = long.MaxValue;
        IsRecordBehind = false;
        IsTemporary = false;
        _pending = 0;
        _extents?.CoverEmptyFile();
    }

    /// <summary>It is known to have no extents: it is new, or all are gone. Needs the lock exclusively, or nobody else to know the inode.</summary>
    public void CoverEmptyFile()
    {
        _hasNoExtents = true;
        _extents?.CoverEmptyFile();
    }

    /// <summary>Marks time stamps; needs the lock shared. Writes nothing when they are marked already.</summary>
    /// <returns>True when the mark is new.</returns>
    public bool Mark(PendingTimes times)
    {
        if ((_pending & (int)times) == (int)times)
        {
            return false;
        }

        Interlocked.Or(ref _pending, (int)times);
        return true;
    }

    /// <summary>Gives the marked time stamps their moment; needs the lock exclusively.</summary>
    public void Settle(Timestamp now)
    {
        PendingTimes pending = (PendingTimes)_pending;
        if (pending == PendingTimes.None)
        {
            return;
        }

        if ((pending & PendingTimes.Modify) != 0)
        {
            Record.ModifySeconds = now.Seconds;
            Record.ModifyNanoseconds = now.Nanoseconds;
            Record.ChangeSeconds = now.Seconds;
            Record.ChangeNanoseconds = now.Nanoseconds;
        }

        if ((pending & PendingTimes.Access) != 0)
        {
            Record.AccessSeconds = now.Seconds;
            Record.AccessNanoseconds = now.Nanoseconds;
        }

        _pending = 0;
        IsRecordBehind = true;
        RefreshAccessTimeAge();
    }

    /// <summary>Puts a record that differs from <see cref="Record"/> in size, blocks, links and the times of change at most; needs the lock
    /// exclusively. Most often that is a patch of a third of its bytes.</summary>
    public void PutGrowth(Transaction transaction, in InodeRecord record)
    {
        TreeKey key = InodeRecord.Key(Number);
        if (IsRecordBehind || record.LinkCount != Record.LinkCount)
        {
            transaction.Put(key, record.AsBytes());
            return;
        }

        record.WriteGrowth(transaction.Patch(key, InodeRecord.GrowthOffset, InodeRecord.GrowthBytes));
    }

    /// <summary>Takes over a record that a transaction has just put; needs the lock exclusively.</summary>
    public void Recorded(in InodeRecord record)
    {
        // Of the parameter: what has just been stored can be loaded only when the commit's record has drained, and nobody waits for that yet.
        IsAccessTimeOld = IsOld(in record);
        Record = record;
        IsRecordBehind = false;
    }

    public void RefreshAccessTimeAge() => IsAccessTimeOld = IsOld(in Record);

    private ExtentMap MakeExtents()
    {
        ExtentMap made = new();
        if (_hasNoExtents)
        {
            made.CoverEmptyFile();
        }

        // Several readers may be here at once.
        return Interlocked.CompareExchange(ref _extents, made, null) ?? made;
    }

    private static bool IsOld(in InodeRecord record) =>
        (!IsLater(record.AccessSeconds, record.AccessNanoseconds, record.ModifySeconds, record.ModifyNanoseconds)
        || !IsLater(record.AccessSeconds, record.AccessNanoseconds, record.ChangeSeconds, record.ChangeNanoseconds))
        && (record.Flags & (uint)FileFlags.NoAccessTime) == 0;

    private static bool IsLater(long seconds, uint nanoseconds, long otherSeconds, uint otherNanoseconds) =>
        seconds != otherSeconds ? seconds > otherSeconds : nanoseconds > otherNanoseconds;
}
