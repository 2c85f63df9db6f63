using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Makes the dirty pages of a mapped file durable in as few disk flushes as its file system allows.</summary>
/// <remarks>For one thread at a time. Allocates nothing.</remarks>
internal sealed unsafe class FileWriteback
{
    /// <summary>Beyond this many separate runs the whole file is synced.</summary>
    private const int MaxRuns = 4096;

    /// <summary>Without write-back by range, this many msync calls are still better than syncing the whole file, whose
    /// other dirty pages nobody asked for.</summary>
    private const int MaxSeparateSyncs = 16;

    private readonly FileDescriptor _file;
    private readonly MemoryMapping _mapping;
    private readonly (long First, long Count)[] _runs = new (long, long)[MaxRuns];
    private readonly bool _hasRangeWriteback;

    public FileWriteback(FileDescriptor file, MemoryMapping mapping)
    {
        _file = file;
        _mapping = mapping;

        // Where writing back a range of the page cache and then one sync are known to make the range durable: both
        // convert what they wrote before they call it written, and their sync then commits that. Elsewhere
        // (copy-on-write, network and stacked file systems) only msync and fdatasync promise it.
        StatfsBuffer host;
        _hasRangeWriteback = Libc.fstatfs(file, &host) == 0
            && host.f_type is StatfsBuffer.EXT4_SUPER_MAGIC or StatfsBuffer.XFS_SUPER_MAGIC;
    }

    /// <summary>Takes all marks and returns when those pages are durable.</summary>
    public Errno WriteBack(DirtyPages dirty)
    {
        int count = dirty.Take(_runs);
        if (count == 0)
        {
            return Errno.Success;
        }

        if (count == 1)
        {
            return Sync(_runs[0]);
        }

        if (count > MaxRuns || (!_hasRangeWriteback && count > MaxSeparateSyncs))
        {
            return UntilUninterrupted(static self => Libc.fdatasync(self._file));
        }

        return _hasRangeWriteback ? WriteBackThenSync(_runs.AsSpan(0, count)) : SyncEach(_runs.AsSpan(0, count));
    }

    private Errno SyncEach(ReadOnlySpan<(long First, long Count)> runs)
    {
        foreach ((long First, long Count) run in runs)
        {
            Errno outcome = Sync(run);
            if (outcome != Errno.Success)
            {
                return outcome;
            }
        }

        return Errno.Success;
    }

    private Errno WriteBackThenSync(ReadOnlySpan<(long First, long Count)> runs)
    {
        Errno outcome = Range(runs, Libc.SYNC_FILE_RANGE_WRITE);
        if (outcome == Errno.Success)
        {
            const uint WriteAndWait =
                Libc.SYNC_FILE_RANGE_WAIT_BEFORE | Libc.SYNC_FILE_RANGE_WRITE | Libc.SYNC_FILE_RANGE_WAIT_AFTER;
            outcome = Range(runs, WriteAndWait);
        }

        // The pages are at the disk; this commits the file's metadata and empties the disk's cache.
        return outcome == Errno.Success ? Sync(runs[^1]) : outcome;
    }

    private Errno Range(ReadOnlySpan<(long First, long Count)> runs, uint flags)
    {
        foreach ((long first, long count) in runs)
        {
            Errno outcome;
            do
            {
                outcome = Libc.Outcome(Libc.sync_file_range(
                    _file, first << DirtyPages.PageShift, count << DirtyPages.PageShift, flags));
            }
            while (outcome == Errno.EINTR);

            if (outcome != Errno.Success)
            {
                return outcome;
            }
        }

        return Errno.Success;
    }

    private Errno Sync((long First, long Count) run)
    {
        long mask = Environment.SystemPageSize - 1;
        long from = (run.First << DirtyPages.PageShift) & ~mask;
        long to = (run.First + run.Count) << DirtyPages.PageShift;
        Errno outcome;
        do
        {
            outcome = Libc.Outcome(Libc.msync(_mapping.Start + from, (nuint)(to - from), Libc.MS_SYNC));
        }
        while (outcome == Errno.EINTR);

        return outcome;
    }

    private Errno UntilUninterrupted(Func<FileWriteback, int> call)
    {
        Errno outcome;
        do
        {
            outcome = Libc.Outcome(call(this));
        }
        while (outcome == Errno.EINTR);

        return outcome;
    }
}
