using Adit.Dax.Breaking;
using Adit.Dax.Layouts;
using Adit.Interop;
using Adit.TestKit.Simulation;

namespace Adit.Dax.Tests.Fakes;

/// <content>What a file system does with a file, each as a layout change where it is one.</content>
internal sealed partial class FakeFile
{
    /// <summary>write(2).</summary>
    public Errno Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        PageRange pages = PageRange.OfBytes(offsetBytes, source.Length);
        Errno errno = Space.Layout.IsReadOnly ? Errno.EROFS : Errno.Success;
        Enter(LayoutAccess.Change);
        for (PageIndex page = pages.First; errno == Errno.Success && page < pages.End;)
        {
            LayoutExtent extent = Look(page, pages.End - page);
            if (!extent.IsWritable)
            {
                Invariant.That(!extent.IsShared);
                errno = MakeWritable(page, pages.End - page, out extent);
            }

            page = extent.Pages.End;
        }

        if (errno == Errno.Success)
        {
            for (int done = 0; done < source.Length;)
            {
                long at = offsetBytes + done;
                int length = (int)Math.Min(source.Length - done, PageIndex.PageBytes - (at & (PageIndex.PageBytes - 1)));
                Medium.Write((_map[at >> 12].Page << 12) + (at & (PageIndex.PageBytes - 1)), source.Slice(done, length));
                done += length;
            }

            Medium.Fence();
            SizeBytes = Math.Max(SizeBytes, offsetBytes + source.Length);
            Space.BlocksAppeared(pages);
        }

        Exit(LayoutAccess.Change);
        return errno;
    }

    /// <summary>read(2) of bytes inside the file.</summary>
    public byte[] Read(long offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        Enter(LayoutAccess.Look);
        for (int done = 0; done < lengthBytes;)
        {
            long at = offsetBytes + done;
            int length = (int)Math.Min(lengthBytes - done, PageIndex.PageBytes - (at & (PageIndex.PageBytes - 1)));
            if (_map.TryGetValue(at >> 12, out FakeBlock block) && !block.IsUnwritten)
            {
                Medium.Span((block.Page << 12) + (at & (PageIndex.PageBytes - 1)), length).CopyTo(bytes.AsSpan(done));
            }

            done += length;
        }

        Exit(LayoutAccess.Look);
        return bytes;
    }

    public Errno Truncate(long sizeBytes, BreakOptions options = default)
    {
        PageRange pages = PageRange.From(PageRange.OfBytes(0, sizeBytes).End);
        return LayoutBreak.Run(Space, pages, options with { Discards = true }, () =>
        {
            Remove(pages);
            SizeBytes = sizeBytes;
            return Errno.Success;
        });
    }

    public Errno Punch(PageRange pages, BreakOptions options = default) =>
        LayoutBreak.Run(Space, pages, options with { Discards = true }, () => Remove(pages));

    /// <summary>Moves what lies behind a range to its beginning.</summary>
    public Errno Collapse(PageRange pages, BreakOptions options = default) => LayoutBreak.Run(Space, PageRange.From(pages.First), options, () =>
    {
        Remove(pages);
        SortedList<long, FakeBlock> moved = [];
        foreach ((long page, FakeBlock block) in _map)
        {
            moved[page < pages.First.Value ? page : page - pages.PageCount] = block;
        }

        _map = moved;
        SizeBytes -= pages.LengthBytes;
        Commit();
        return Errno.Success;
    });

    /// <summary>Gives another, empty file the same blocks.</summary>
    public Errno CloneTo(FakeFile other, BreakOptions options = default) => LayoutBreak.Run(Space, PageRange.All, options, () =>
    {
        foreach ((long page, FakeBlock block) in _map)
        {
            _volume.Share(block.Page);
            other._map[page] = block;
        }

        other.Commit();
        return Errno.Success;
    });

    /// <summary>Gives a range blocks that hold nothing of the file.</summary>
    public void Preallocate(PageRange pages)
    {
        long start = _volume.TryAllocate(pages.PageCount);
        for (long i = 0; i < pages.PageCount; i++)
        {
            _map[pages.First.Value + i] = new FakeBlock(start + i, IsUnwritten: true);
        }

        Commit();
    }

    public long MediumPageOf(long page) => _map.TryGetValue(page, out FakeBlock block) ? block.Page : -1;

    /// <summary>What an image of the medium says that a page of the file holds.</summary>
    public byte[] ReadSurvivor(SimulatedMedium image, long page) => DurableMap.TryGetValue(page, out FakeBlock block) && !block.IsUnwritten
        ? image.Span(block.Page << 12, PageIndex.PageBytes).ToArray()
        : new byte[PageIndex.PageBytes];

    private Errno Remove(PageRange pages)
    {
        foreach (long page in _map.Keys.Where(page => pages.Contains(new PageIndex(page))).ToArray())
        {
            _volume.Free(_map[page].Page);
            _map.Remove(page);
        }

        Commit();
        return Errno.Success;
    }
}
