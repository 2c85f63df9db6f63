using System.Collections.Immutable;

namespace Adit.TestKit.Model;

/// <summary>The bytes of a model file: immutable, sparse by pages of 4 KiB; a page that is absent reads as zeros.
/// Copies share their pages, so that every state of a long history can be kept.</summary>
public sealed class ModelContent
{
    public const int PageSize = 4096;

    public static readonly ModelContent Empty = new(0, ImmutableSortedDictionary<long, byte[]>.Empty);

    private readonly ImmutableSortedDictionary<long, byte[]> _pages;

    private ModelContent(long lengthBytes, ImmutableSortedDictionary<long, byte[]> pages)
    {
        LengthBytes = lengthBytes;
        _pages = pages;
    }

    public long LengthBytes { get; }

    /// <summary>The pages that are not all holes, by index.</summary>
    public IEnumerable<KeyValuePair<long, byte[]>> Pages => _pages;

    public ReadOnlySpan<byte> Page(long index) => _pages.TryGetValue(index, out byte[]? page) ? page : Zeros;

    public ModelContent Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty)
        {
            return this;
        }

        ImmutableSortedDictionary<long, byte[]>.Builder pages = _pages.ToBuilder();
        long end = offsetBytes + source.Length;
        for (long at = offsetBytes; at < end;)
        {
            long index = at / PageSize;
            int inPage = (int)(at % PageSize);
            int count = (int)Math.Min(PageSize - inPage, end - at);
            byte[] page = Copy(index);
            source.Slice((int)(at - offsetBytes), count).CopyTo(page.AsSpan(inPage));
            pages[index] = page;
            at += count;
        }

        return new ModelContent(Math.Max(LengthBytes, end), pages.ToImmutable());
    }

    /// <summary>Makes a range read as zeros without changing the length.</summary>
    public ModelContent Zero(long offsetBytes, long lengthBytes)
    {
        long end = Math.Min(offsetBytes + lengthBytes, LengthBytes);
        if (end <= offsetBytes)
        {
            return this;
        }

        ImmutableSortedDictionary<long, byte[]>.Builder pages = _pages.ToBuilder();
        foreach (long index in _pages.Keys)
        {
            long start = index * PageSize;
            if (start >= end || start + PageSize <= offsetBytes)
            {
                continue;
            }

            int from = (int)Math.Max(0, offsetBytes - start);
            int to = (int)Math.Min(PageSize, end - start);
            if (from == 0 && to == PageSize)
            {
                pages.Remove(index);
                continue;
            }

            byte[] page = Copy(index);
            page.AsSpan(from, to - from).Clear();
            pages[index] = page;
        }

        return new ModelContent(LengthBytes, pages.ToImmutable());
    }

    public ModelContent SetLength(long lengthBytes)
    {
        ModelContent cut = lengthBytes < LengthBytes ? Zero(lengthBytes, LengthBytes - lengthBytes) : this;
        return new ModelContent(lengthBytes, cut._pages);
    }

    public void Read(long offsetBytes, Span<byte> destination)
    {
        for (int done = 0; done < destination.Length;)
        {
            long at = offsetBytes + done;
            int inPage = (int)(at % PageSize);
            int count = Math.Min(PageSize - inPage, destination.Length - done);
            Page(at / PageSize).Slice(inPage, count).CopyTo(destination[done..]);
            done += count;
        }
    }

    /// <summary>The aligned 8-byte word at an offset that is a multiple of 8.</summary>
    public ulong Word(long offsetBytes) =>
        BitConverter.ToUInt64(Page(offsetBytes / PageSize).Slice((int)(offsetBytes % PageSize), 8));

    private static ReadOnlySpan<byte> Zeros => ZeroPage;

    private static readonly byte[] ZeroPage = new byte[PageSize];

    private byte[] Copy(long index) => _pages.TryGetValue(index, out byte[]? page) ? (byte[])page.Clone() : new byte[PageSize];
}
