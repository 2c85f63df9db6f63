using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Media;

namespace Adit.Dax.Tests.Fakes;

/// <summary>Blocks of a medium given out to fake files, with a count of owners for each.</summary>
internal sealed class FakeVolume(Medium medium)
{
    private readonly int[] _owners = new int[medium.LengthBytes >> 12];
    private long _next;

    public Medium Medium => medium;

    /// <summary>Blocks that may still be given out.</summary>
    public long FreePages { get; set; } = medium.LengthBytes >> 12;

    /// <summary>What a block is filled with when its last owner goes, so that who still looks at it sees that; none when null.</summary>
    public byte? FreedByte { get; set; }

    public Lock Gate { get; } = new();

    public FakeFile CreateFile(long sizeBytes, AddressSpaceOptions? options = null) => new(this, sizeBytes, options);

    /// <summary>Gives out pages side by side, aligned for a huge page when there are 512 or more; -1 when there are not so many.</summary>
    public long TryAllocate(long count)
    {
        lock (Gate)
        {
            if (count > FreePages)
            {
                return -1;
            }

            long step = count >= PageIndex.PagesPerHuge ? PageIndex.PagesPerHuge : 1;
            for (long tries = 0, start = (_next + step - 1) / step * step; tries <= _owners.Length; tries += step, start += step)
            {
                start = start + count > _owners.Length ? 0 : start;
                if (_owners.AsSpan((int)start, (int)count).IndexOfAnyExcept(0) < 0)
                {
                    _owners.AsSpan((int)start, (int)count).Fill(1);
                    _next = start + count;
                    FreePages -= count;
                    return start;
                }
            }

            return -1;
        }
    }

    public int OwnersOf(long page)
    {
        lock (Gate)
        {
            return _owners[page];
        }
    }

    public void Share(long page)
    {
        lock (Gate)
        {
            _owners[page]++;
        }
    }

    public void Free(long page)
    {
        lock (Gate)
        {
            if (--_owners[page] == 0)
            {
                FreePages++;
                Spoil(page);
            }
        }
    }

    private void Spoil(long page)
    {
        if (FreedByte is { } value)
        {
            Span<byte> bytes = stackalloc byte[PageIndex.PageBytes];
            bytes.Fill(value);
            medium.Write(page << 12, bytes);
            medium.Fence();
        }
    }
}
