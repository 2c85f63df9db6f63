using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Space;

namespace Adit.Metadata.Tests.Space;

/// <summary>How files come to a volume.</summary>
/// <param name="LargeShare">Share of the bytes that are in large files.</param>
/// <param name="SmallBlocks">Largest small file.</param>
/// <param name="LargeBlocks">Smallest and largest large file.</param>
/// <param name="Writers">Files that grow at the same time.</param>
internal sealed record FileMix(double LargeShare, int SmallBlocks, (int Min, int Max) LargeBlocks, int Writers);

/// <summary>Files that are written, held and deleted as docs/decisions/0005-space-policy.md asks of a file layer: space is reserved
/// ahead of a growing file, taken as it is written and returned at the close; nearly empty chunks are emptied.</summary>
internal sealed class AgeingVolume
{
    /// <summary>A file that grows beyond this is large: it goes on in a whole chunk, and what it has is moved there.</summary>
    private const int SmallLimit = 256;

    /// <summary>A small file's reservation ahead: as much as it has, within bounds.</summary>
    private const int LeastAhead = 16;
    private const int MostAhead = 64;

    private readonly SpaceAllocator _space;
    private readonly Random _random;
    private readonly FileMix _mix;
    private readonly bool _empties;
    private readonly List<AgedFile> _files = [];
    private readonly Dictionary<long, (AgedFile File, int Index)> _owners = [];
    private long _usedBlocks;

    public AgeingVolume(int chunkCount, int seed, FileMix mix, bool empties)
    {
        _random = new Random(seed);
        _mix = mix;
        _empties = empties;
        TotalBlocks = (long)chunkCount << Geometry.BlocksPerChunkShift;
        _space = new SpaceAllocator(chunkCount, 0, TotalBlocks, new StoredLines(), new HostSpaceMedium(chunkCount));
    }

    public long TotalBlocks { get; }

    public long WrittenBlocks { get; private set; }

    public long MovedBlocks { get; private set; }

    public IReadOnlyList<AgedFile> Files => _files;

    public SpaceSummary Summary => _space.Summarize();

    /// <summary>Deletes and writes files until so many blocks were written, the volume being as full as asked.</summary>
    public void Age(double fullness, long blocks)
    {
        var growing = new List<AgedFile>();
        var limit = (long)(TotalBlocks * fullness);
        var end = WrittenBlocks + blocks;
        while (WrittenBlocks < end || growing.Count > 0)
        {
            while (growing.Count < _mix.Writers && WrittenBlocks < end)
            {
                growing.Add(NewFile());
            }

            var index = _random.Next(growing.Count);
            var file = growing[index];
            while (_usedBlocks + growing.Count > limit && _files.Count > 0)
            {
                Delete(_random.Next(_files.Count));
            }

            Grow(file);
            if (file.Blocks.Count == file.FinalBlocks)
            {
                ReturnReserved(file);
                growing.RemoveAt(index);
                _files.Add(file);
            }

            _space.ReleasePending(_space.SealPending());
        }
    }

    public void Delete(int index)
    {
        var file = _files[index];
        _files[index] = _files[^1];
        _files.RemoveAt(_files.Count - 1);
        foreach (var extent in file.Extents(0, file.Blocks.Count))
        {
            _space.Free(extent);
        }

        _usedBlocks -= file.Blocks.Count;
        _space.ReleasePending(_space.SealPending());
    }

    public AgedFile WriteLarge(int blocks)
    {
        var file = new AgedFile(blocks);
        while (file.Blocks.Count < blocks)
        {
            Grow(file);
        }

        ReturnReserved(file);
        _files.Add(file);
        return file;
    }

    private AgedFile NewFile()
    {
        // A file of the large kind is as many times rarer as it is longer.
        var meanSmall = _mix.SmallBlocks / 2.0;
        var meanLarge = (_mix.LargeBlocks.Min + _mix.LargeBlocks.Max) / 2.0;
        var large = _mix.LargeShare / meanLarge;
        var small = (1 - _mix.LargeShare) / meanSmall;
        return _random.NextDouble() < large / (large + small)
            ? new AgedFile(_random.Next(_mix.LargeBlocks.Min, _mix.LargeBlocks.Max + 1))
            : new AgedFile(_random.Next(1, _mix.SmallBlocks + 1));
    }

    /// <summary>Writes up to 32 blocks to a file whose final size is unknown here.</summary>
    private void Grow(AgedFile file)
    {
        var wanted = Math.Min(file.FinalBlocks - file.Blocks.Count, _random.Next(1, 33));
        if (!file.IsLarge && file.Blocks.Count + wanted > SmallLimit)
        {
            BecomeLarge(file);
        }

        while (wanted > 0)
        {
            if (file.Reserved.IsEmpty)
            {
                if (file.IsLarge && _empties)
                {
                    Empty();
                }

                file.Reserved = file.IsLarge
                    ? Reserve(new SpaceRequest(512 - (file.Blocks.Count & 511), file.Goal, file.Blocks.Count & 511, SpaceShape.Large))
                    : Reserve(new SpaceRequest(Math.Max(wanted, Math.Clamp(file.Blocks.Count, LeastAhead, MostAhead)), file.Goal, file.Blocks.Count & 511, SpaceShape.Small));
            }

            var now = (int)Math.Min(wanted, file.Reserved.BlockCount);
            Write(file, now);
            wanted -= now;
        }
    }

    private void Write(AgedFile file, int count)
    {
        _space.Take(new BlockExtent(file.Reserved.Start, count));
        for (var block = 0; block < count; block++)
        {
            Place(file, file.Blocks.Count, file.Reserved.Start.Value + block);
        }

        file.Reserved = new BlockExtent(file.Reserved.Start + count, file.Reserved.BlockCount - count);
        WrittenBlocks += count;
        _usedBlocks += count;
    }

    /// <summary>The file is half a chunk long: it gets a whole one, and what it has is moved there.</summary>
    private void BecomeLarge(AgedFile file)
    {
        file.IsLarge = true;
        ReturnReserved(file);
        var old = file.Extents(0, file.Blocks.Count);
        for (var done = 0; done < file.Blocks.Count;)
        {
            var got = Reserve(new SpaceRequest(512 - done, BlockAddress.None, done, SpaceShape.Large));
            var now = (int)Math.Min(got.BlockCount, file.Blocks.Count - done);
            _space.Take(new BlockExtent(got.Start, now));
            for (var block = 0; block < now; block++)
            {
                Place(file, done + block, got.Start.Value + block);
            }

            done += now;
            file.Reserved = new BlockExtent(got.Start + now, got.BlockCount - now);
        }

        MovedBlocks += file.Blocks.Count;
        foreach (var extent in old)
        {
            _space.Free(extent);
        }
    }

    /// <summary>Empties one chunk if it is time to.</summary>
    private void Empty()
    {
        if (!_space.TryBeginEmptying(out var chunk, out var live))
        {
            return;
        }

        for (var index = 0; index < 512; index++)
        {
            var block = (chunk << 9) + index;
            if ((live[index >> 6] >> (index & 63) & 1) == 0)
            {
                continue;
            }

            var (file, from) = _owners[block];
            var count = 1;
            while (index + count < 512 && from + count < file.Blocks.Count && file.Blocks[from + count] == block + count)
            {
                count++;
            }

            for (var done = 0; done < count;)
            {
                var got = Reserve(new SpaceRequest(count - done, BlockAddress.None, 0, SpaceShape.Small));
                _space.Take(got);
                for (var moved = 0; moved < got.BlockCount; moved++)
                {
                    Place(file, from + done + moved, got.Start.Value + moved);
                }

                done += (int)got.BlockCount;
            }

            _space.Free(new BlockExtent(new BlockAddress(block), count));
            MovedBlocks += count;
            index += count - 1;
        }

        _space.EndEmptying(chunk, in live);
        _space.ReleasePending(_space.SealPending());
    }

    private void Place(AgedFile file, int index, long block)
    {
        if (index == file.Blocks.Count)
        {
            file.Blocks.Add(block);
        }
        else
        {
            file.Blocks[index] = block;
        }

        _owners[block] = (file, index);
    }

    private void ReturnReserved(AgedFile file)
    {
        if (!file.Reserved.IsEmpty)
        {
            _space.Return(file.Reserved);
            file.Reserved = default;
        }
    }

    private BlockExtent Reserve(SpaceRequest request)
    {
        var errno = _space.TryReserve(in request, out var extent);
        Assert.Equal(Errno.Success, errno);
        return extent;
    }
}

/// <summary>A file: where each of its blocks is.</summary>
internal sealed class AgedFile(int finalBlocks)
{
    public int FinalBlocks { get; } = finalBlocks;

    public List<long> Blocks { get; } = [];

    public bool IsLarge { get; set; }

    public BlockExtent Reserved { get; set; }

    /// <summary>Behind the last block.</summary>
    public BlockAddress Goal => Blocks.Count == 0 ? BlockAddress.None : new BlockAddress(Blocks[^1] + 1);

    public List<BlockExtent> Extents(int from, int to)
    {
        var extents = new List<BlockExtent>();
        for (var block = from; block < to; block++)
        {
            if (extents.Count > 0 && extents[^1].End.Value == Blocks[block])
            {
                extents[^1] = new BlockExtent(extents[^1].Start, extents[^1].BlockCount + 1);
            }
            else
            {
                extents.Add(new BlockExtent(new BlockAddress(Blocks[block]), 1));
            }
        }

        return extents;
    }

    /// <summary>Blocks in whole file chunks that lie in one aligned chunk.</summary>
    public int HugeBlocks
    {
        get
        {
            var huge = 0;
            for (var start = 0; start + 512 <= Blocks.Count; start += 512)
            {
                var isHuge = (Blocks[start] & 511) == 0;
                for (var block = 1; block < 512 && isHuge; block++)
                {
                    isHuge = Blocks[start + block] == Blocks[start] + block;
                }

                huge += isHuge ? 512 : 0;
            }

            return huge;
        }
    }

    /// <summary>Blocks in whole file chunks: what could be huge on a fresh volume.</summary>
    public int HugePossible => Blocks.Count & ~511;
}
