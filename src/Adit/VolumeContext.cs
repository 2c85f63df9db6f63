using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Adit.Access;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Trees;
using Adit.Nodes;
using Adit.Quotas;

namespace Adit;

/// <summary>What the parts of one open volume share. Immutable.</summary>
internal sealed class VolumeContext
{
    public VolumeContext(MetadataStore store, VolumeOptions options, NameHash names)
    {
        Store = store;
        Medium = store.Medium;
        Names = names;
        Inodes = new InodeTable(options.InodeCacheCount, continues: options.Succession is not null);
        TimeStamps = new TimeStampList(Inodes);
        InodeCount = new InodeCounter(store, store.UpcomingInodeNumber);
        CommitsAreDurable = store.CommitsAreDurable;
        IsReadOnly = store.IsReadOnly;
        HasOrphansLeft = !store.IsReadOnly;
        MovesAccessTimes = options.AccessTime != AccessTimePolicy.None && !store.IsReadOnly;
        AlwaysMovesAccessTimes = options.AccessTime == AccessTimePolicy.Strict && !store.IsReadOnly;
        MovesDirectoryAccessTimes = MovesAccessTimes && options.DirectoryAccessTimes;
        Broken = store.Options.Broken;
        Access = new AccessRules(options, store.Identity);
        Quotas = new QuotaKeeper(store);
        HasInodeFlags = (store.Identity.ReadOnlyCompatibleFeatures & FormatVersion.InodeFlags) != 0;
        _clock = new CoarseClock(store.Options.Time);
    }

    public readonly MetadataStore Store;
    public readonly Medium Medium;
    public readonly NameHash Names;
    public readonly InodeTable Inodes;

    /// <summary>Those who are told of changes: each is told where it happens, under its locks, and waited for at the end of the operation.</summary>
    public readonly ChangeObservers Changes = new();

    /// <summary>Inodes with time stamps to be recorded.</summary>
    public readonly TimeStampList TimeStamps;

    /// <summary>Told of every inode that is made and removed.</summary>
    public readonly InodeCounter InodeCount;

    /// <summary>Each commit is durable when it returns, so data must be before.</summary>
    public readonly bool CommitsAreDurable;

    public readonly bool IsReadOnly;

    /// <summary>Not all orphan records that the last opening left have been looked at: a file may have a truncation to be finished.</summary>
    public volatile bool HasOrphansLeft;

    /// <summary>Which files are accessed directly.</summary>
    public readonly AccessRules Access;

    /// <summary>What users, groups and projects have and may have.</summary>
    public readonly QuotaKeeper Quotas;

    /// <summary>Every build that writes the volume knows flags and project ids.</summary>
    public readonly bool HasInodeFlags;

    /// <summary>Reading moves access times.</summary>
    public readonly bool MovesAccessTimes;

    /// <summary>Also when the access time is later than the last change.</summary>
    public readonly bool AlwaysMovesAccessTimes;

    /// <summary>Listing moves access times.</summary>
    public readonly bool MovesDirectoryAccessTimes;

    public readonly BrokenVariant Broken;

    /// <summary>Inodes whose last use ended where they could not be removed at once. Used by the queue.</summary>
    private readonly ConcurrentQueue<Inode> _unnamed = new();

    private int _unnamedCount;

    /// <summary>Holds up changes while the volume is frozen.</summary>
    public readonly FreezeGate Freezing = new();

    private readonly CoarseClock _clock;

    private long _checksumErrorCount;

    /// <summary>Reads, since the volume was opened, that met bytes other than those written.</summary>
    public long ChecksumErrorCount => Volatile.Read(ref _checksumErrorCount);

    public void CountChecksumError() => Interlocked.Increment(ref _checksumErrorCount);

    public Timestamp Now() => _clock.Now();

    /// <summary>Uses an inode, reading its record when it is not in memory.</summary>
    /// <returns>ESTALE when there is no such inode.</returns>
    public Errno Use(InodeNumber number, out Inode? inode)
    {
        Inode? found;
        while (!Inodes.TryUse(number, out found, out ulong version))
        {
            if (!TryReadRecord(number, out InodeRecord record))
            {
                inode = null;
                return Errno.ESTALE;
            }

            if (Inodes.UseLoaded(number, in record, HasOrphansLeft ? ReadTruncation(number) : long.MaxValue, version, out found))
            {
                break;
            }
        }

        if (found.IsGone)
        {
            // Removed, and in memory for as long as somebody uses it: its number is as stale as it will be then.
            Inodes.Release(found);
            inode = null;
            return Errno.ESTALE;
        }

        inode = found;
        return Errno.Success;
    }

    /// <summary>The same, and says whether nothing else used or retained the inode.</summary>
    public Errno UseToRemove(InodeNumber number, out Inode? inode, out bool isSole)
    {
        if (Inodes.TryUse(number, out inode, out _, out isSole))
        {
            return Errno.Success;
        }

        Errno errno = Use(number, out inode);
        isSole = errno == Errno.Success && Inodes.IsUsedOnce(inode!);
        return errno;
    }

    public bool TryReadRecord(InodeNumber number, out InodeRecord record)
    {
        using TreeReader tree = Store.Read();
        return TryReadRecord(in tree, number, out record);
    }

    /// <summary>Reads an inode's record.</summary>
    /// <exception cref="TreeDamagedException">It is none.</exception>
    public static bool TryReadRecord(in TreeReader tree, InodeNumber number, out InodeRecord record)
    {
        if (number == InodeNumber.Volume || number.Value >= TreeKey.ReverseMapSpace
            || !tree.TryGet(InodeRecord.Key(number), out ReadOnlySpan<byte> value))
        {
            record = default;
            return false;
        }

        return InodeRecord.TryRead(value, out record)
            ? true
            : throw new TreeDamagedException($"{number}: not a valid inode record");
    }

    /// <summary>Where a truncation began that was cut short: what lies behind the end of the file must be gone before the file grows.</summary>
    private long ReadTruncation(InodeNumber number)
    {
        using TreeReader tree = Store.Read();
        return tree.TryGet(OrphanRecord.Key(number), out ReadOnlySpan<byte> value) && OrphanRecord.TryRead(value, out OrphanRecord record)
            && (record.Reasons & OrphanReasons.Truncating) != 0
                ? record.FirstFreedBlock
                : long.MaxValue;
    }

    /// <summary>Ends a use while locks are held: an inode that this leaves without any is removed later.</summary>
    public void ReleaseLater(Inode inode)
    {
        if (Inodes.Release(inode))
        {
            RemoveLater(inode);
        }
    }

    /// <summary>Leaves an inode that nothing keeps any more, with its use, to be removed.</summary>
    public void RemoveLater(Inode inode)
    {
        _unnamed.Enqueue(inode);
        Interlocked.Increment(ref _unnamedCount);
    }

    /// <summary>Leaves the mapping of a closed file to be forgotten by the next one who ends a use. Takes no lock and allocates nothing.</summary>
    /// <returns>False when it was left before: the caller's use is not needed for it.</returns>
    public bool TryCloseMappingLater(Inode inode)
    {
        if (Interlocked.Exchange(ref inode.IsMappingLeft, 1) != 0)
        {
            return false;
        }

        Inode? first;
        do
        {
            first = Volatile.Read(ref _firstMappingLeft);
            inode.NextMappingLeft = first;
        }
        while (Interlocked.CompareExchange(ref _firstMappingLeft, inode, first) != first);

        Interlocked.Increment(ref _unnamedCount);
        return true;
    }

    /// <summary>Takes all that <see cref="TryCloseMappingLater"/> left: the first of a list that <see cref="NextMappingLeft"/> goes along.</summary>
    public Inode? TakeMappingsLeft() => Volatile.Read(ref _firstMappingLeft) is null ? null : Interlocked.Exchange(ref _firstMappingLeft, null);

    /// <summary>The next one of the list; afterwards <paramref name="inode"/> may be left again.</summary>
    public Inode? NextMappingLeft(Inode inode)
    {
        Inode? next = inode.NextMappingLeft;
        inode.NextMappingLeft = null;
        Interlocked.Decrement(ref _unnamedCount);
        Volatile.Write(ref inode.IsMappingLeft, 0);
        return next;
    }

    private Inode? _firstMappingLeft;

    /// <summary>Whether there may be work for whoever ends a use. Cheap: asked at the end of every use.</summary>
    public bool HasUnnamed => Volatile.Read(ref _unnamedCount) != 0;

    /// <summary>An inode that <see cref="ReleaseLater"/> left: its use is the caller's, who removes it.</summary>
    public bool TryTakeUnnamed([NotNullWhen(true)] out Inode? inode)
    {
        if (!_unnamed.TryDequeue(out inode))
        {
            return false;
        }

        Interlocked.Decrement(ref _unnamedCount);
        return true;
    }

    /// <summary>What an exception from below means to a caller of the file system.</summary>
    /// <returns>False when it is none that media or their content can cause.</returns>
    public static bool IsOutcome(Exception exception, out Errno errno)
    {
        switch (exception)
        {
            case TreeDamagedException:
                errno = Errno.EIO;
                return true;

            case MediumException medium:
                errno = medium.Errno is Errno.ENOSPC ? Errno.ENOSPC : Errno.EIO;
                return true;

            case VolumeException volume:
                errno = volume.Errno;
                return true;

            default:
                errno = Errno.Success;
                return false;
        }
    }
}
