using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Testing;
using Adit.Interop;
using Adit.Interop.Locking;
using Adit.Media;

namespace Adit.Dax.Tests.Fakes;

/// <summary>A file whose metadata is a table in memory, and a second one of what would survive a crash.</summary>
internal sealed partial class FakeFile : IFileLayout
{
    private static int _numbers;

    private readonly FakeVolume _volume;
    private readonly RankedReaderWriterLock _lock;
    private SortedList<long, FakeBlock> _map = [];

    public FakeFile(FakeVolume volume, long sizeBytes, AddressSpaceOptions? options)
    {
        _volume = volume;
        ulong number = (ulong)Interlocked.Increment(ref _numbers);
        _lock = new RankedReaderWriterLock(LockRank.Inode, number);
        SizeBytes = sizeBytes;
        Broken = options?.Broken ?? DaxBrokenVariant.None;
        Space = new AddressSpace(this, (options ?? new AddressSpaceOptions()) with { Number = number });
    }

    public AddressSpace Space { get; }

    public DaxBrokenVariant Broken { get; }

    public Medium Medium => _volume.Medium;

    public long SizeBytes { get; set; }

    public bool IsReadOnly { get; init; }

    /// <summary>A transaction survives a crash as soon as it has ended.</summary>
    public bool CommitsAreDurable { get; init; } = true;

    /// <summary>What would survive a crash.</summary>
    public SortedList<long, FakeBlock> DurableMap { get; private set; } = [];

    /// <summary>The outcome of the next questions, when it is not Success.</summary>
    public Errno FindOutcome { get; set; }

    public Errno WriteOutcome { get; set; }

    public Errno DurableOutcome { get; set; }

    /// <summary>What <see cref="Find"/> answers instead, if not null.</summary>
    public Func<PageIndex, LayoutExtent>? Answer { get; set; }

    public int FindCount;
    public int MakeWritableCount;
    public int ModifiedCount;
    public int DurableCount;

    public void Enter(LayoutAccess access)
    {
        if (access == LayoutAccess.Look)
        {
            _lock.EnterShared();
        }
        else
        {
            _lock.EnterExclusive();
        }
    }

    public void Exit(LayoutAccess access)
    {
        if (access == LayoutAccess.Look)
        {
            _lock.ExitShared();
        }
        else
        {
            _lock.ExitExclusive();
        }
    }

    public Errno Find(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        Interlocked.Increment(ref FindCount);
        extent = Answer?.Invoke(page) ?? Look(page, pageCount);
        return FindOutcome;
    }

    public Errno MakeWritable(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        MakeWritableCount++;
        extent = default;
        if (WriteOutcome != Errno.Success)
        {
            return WriteOutcome;
        }

        LayoutExtent before = Look(page, pageCount);
        long count = Math.Min(pageCount, before.Pages.End - page);
        if (before.Kind == LayoutKind.Unwritten)
        {
            FillNew(before.At(page).Value, count, () => SetBlocks(page.Value, count, before.At(page).Value));
        }
        else
        {
            long start = _volume.TryAllocate(count);
            if (start < 0)
            {
                return Errno.ENOSPC;
            }

            if (before.Kind == LayoutKind.Hole)
            {
                FillNew(start, count, () => SetBlocks(page.Value, count, start));
            }
            else
            {
                unsafe
                {
                    Medium.Write(start << 12, new ReadOnlySpan<byte>(Medium.Start + before.At(page).OffsetBytes, (int)count << 12));
                }

                Medium.Fence();
                SetBlocks(page.Value, count, start);
            }
        }

        extent = Look(page, pageCount) with { CopySource = before.IsMapped ? before.At(page) : MediumPage.None };
        return Errno.Success;
    }

    public Errno Fill(PageIndex page, ReadOnlySpan<byte> content)
    {
        long start = _volume.TryAllocate(content.Length >> 12);
        if (start < 0)
        {
            return Errno.ENOSPC;
        }

        Medium.Write(start << 12, content);
        Medium.Fence();
        SetBlocks(page.Value, content.Length >> 12, start);
        return Errno.Success;
    }

    public Errno MakeDurable(PageRange pages)
    {
        Interlocked.Increment(ref DurableCount);
        if (DurableOutcome == Errno.Success)
        {
            Enter(LayoutAccess.Look);
            DurableMap = new SortedList<long, FakeBlock>(_map);
            Exit(LayoutAccess.Look);
        }

        return DurableOutcome;
    }

    public void MarkModified() => Interlocked.Increment(ref ModifiedCount);

    private void FillNew(long start, long count, Action publish)
    {
        if (Broken == DaxBrokenVariant.PublishBeforeZero)
        {
            publish();
        }

        if (Broken != DaxBrokenVariant.ZeroingSkipped)
        {
            Medium.WriteZeros(start << 12, count << 12);
            Medium.Fence();
        }

        if (Broken != DaxBrokenVariant.PublishBeforeZero)
        {
            publish();
        }
    }

    private void SetBlocks(long page, long count, long start)
    {
        for (long i = 0; i < count; i++)
        {
            if (_map.TryGetValue(page + i, out FakeBlock old) && old.Page != start + i)
            {
                _volume.Free(old.Page);
            }

            _map[page + i] = new FakeBlock(start + i, IsUnwritten: false);
        }

        Commit();
    }

    private void Commit()
    {
        if (CommitsAreDurable)
        {
            DurableMap = new SortedList<long, FakeBlock>(_map);
        }
    }

    private LayoutExtent Look(PageIndex page, long pageCount)
    {
        if (!_map.TryGetValue(page.Value, out FakeBlock first))
        {
            long next = NextMapped(page.Value);
            return new LayoutExtent(new PageRange(page, Math.Min(next - page.Value, Math.Max(pageCount, 1))), LayoutKind.Hole, MediumPage.None);
        }

        bool isShared = _volume.OwnersOf(first.Page) > 1;
        bool isDurable = DurableMap.TryGetValue(page.Value, out FakeBlock durable) && durable == first;
        long count = 1;
        while (count < pageCount && _map.TryGetValue(page.Value + count, out FakeBlock block) && block == first.Next(count)
            && (_volume.OwnersOf(block.Page) > 1) == isShared
            && (DurableMap.TryGetValue(page.Value + count, out durable) && durable == block) == isDurable)
        {
            count++;
        }

        LayoutFlags flags = (isShared ? LayoutFlags.Shared : 0) | (isDurable ? 0 : LayoutFlags.NotDurable);
        return new LayoutExtent(
            new PageRange(page, count), first.IsUnwritten ? LayoutKind.Unwritten : LayoutKind.Mapped, new MediumPage(first.Page), flags);
    }

    private long NextMapped(long page)
    {
        foreach (long key in _map.Keys)
        {
            if (key > page)
            {
                return key;
            }
        }

        return long.MaxValue >> 12;
    }
}
