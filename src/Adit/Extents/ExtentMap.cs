using System.Runtime.CompilerServices;
using Adit.Format;

namespace Adit.Extents;

/// <summary>The extents of a stretch of one file, copied out of the tree into sorted arrays: all of them for most files, a window for a
/// file of very many. What it covers it knows completely.</summary>
/// <remarks>Not thread-safe: readers hold the inode's lock shared, <see cref="Load"/> and the changes need it exclusively.</remarks>
internal sealed partial class ExtentMap
{
    /// <summary>File blocks are below this.</summary>
    public const long MaxFileBlocks = 1L << 43;

    private const int InitialCapacity = 4;

    private long[] _fileBlocks = [];
    private ExtentRecord[] _extents = [];
    private long _coverStart;
    private long _coverEnd;
    private int _lastHit;

    /// <summary>Extents in the arrays.</summary>
    public int Count { get; private set; }

    /// <summary>Whether every extent that touches these file blocks is here.</summary>
    public bool Covers(long fileBlock, long endFileBlock) => fileBlock >= _coverStart && endFileBlock <= _coverEnd;

    /// <summary>Whether it knows anything yet.</summary>
    public bool IsLoaded => _coverEnd != 0;

    /// <summary>Whether it takes little memory, whatever it holds.</summary>
    public bool IsSmall => _fileBlocks.Length <= InitialCapacity;

    /// <summary>Whether all extents of the file are here.</summary>
    public bool IsComplete => _coverStart == 0 && _coverEnd == MaxFileBlocks;

    public long FileBlockAt(int index) => _fileBlocks[index];

    /// <summary>The file block behind the extent.</summary>
    public long EndAt(int index) => _fileBlocks[index] + _extents[index].BlockCount;

    public ExtentRecord ExtentAt(int index) => _extents[index];

    /// <summary>The extent that holds a file block, or else the complement of the index of the first extent behind it.</summary>
    public int IndexOf(long fileBlock)
    {
        int hit = _lastHit;
        if ((uint)hit < (uint)Count && (ulong)(fileBlock - _fileBlocks[hit]) < _extents[hit].BlockCount)
        {
            return hit;
        }

        return Search(fileBlock);
    }

    /// <summary>Finds where a file block is when it is written.</summary>
    /// <param name="block">The block of the medium.</param>
    /// <param name="runBlocks">How many file blocks from there on lie one behind the other.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFindWritten(long fileBlock, out long block, out long runBlocks)
    {
        int hit = _lastHit;
        if ((uint)hit < (uint)Count)
        {
            ref ExtentRecord extent = ref _extents[hit];
            long skip = fileBlock - _fileBlocks[hit];
            if ((ulong)skip < extent.BlockCount && !extent.IsUnwritten)
            {
                block = extent.Start.Value + skip;
                runBlocks = extent.BlockCount - skip;
                return true;
            }
        }

        return SearchWritten(fileBlock, out block, out runBlocks);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Count = 0;
        _coverStart = 0;
        _coverEnd = 0;
        _lastHit = 0;
    }

    /// <summary>A file that has just been made has no extents: nothing is to be read.</summary>
    public void CoverEmptyFile()
    {
        Clear();
        _coverEnd = MaxFileBlocks;
    }

    public void InsertAt(int index, long fileBlock, ExtentRecord extent)
    {
        if (Count == _fileBlocks.Length)
        {
            int capacity = Math.Max(InitialCapacity, Count * 2);
            Array.Resize(ref _fileBlocks, capacity);
            Array.Resize(ref _extents, capacity);
        }

        Array.Copy(_fileBlocks, index, _fileBlocks, index + 1, Count - index);
        Array.Copy(_extents, index, _extents, index + 1, Count - index);
        _fileBlocks[index] = fileBlock;
        _extents[index] = extent;
        Count++;
    }

    public void RemoveAt(int index)
    {
        Count--;
        Array.Copy(_fileBlocks, index + 1, _fileBlocks, index, Count - index);
        Array.Copy(_extents, index + 1, _extents, index, Count - index);
    }

    public void SetAt(int index, long fileBlock, ExtentRecord extent)
    {
        _fileBlocks[index] = fileBlock;
        _extents[index] = extent;
    }

    private bool SearchWritten(long fileBlock, out long block, out long runBlocks)
    {
        int index = Search(fileBlock);
        if (index >= 0 && !_extents[index].IsUnwritten)
        {
            long skip = fileBlock - _fileBlocks[index];
            block = _extents[index].Start.Value + skip;
            runBlocks = _extents[index].BlockCount - skip;
            return true;
        }

        block = 0;
        runBlocks = 0;
        return false;
    }

    private int Search(long fileBlock)
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (_fileBlocks[middle] <= fileBlock)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        if (high >= 0 && fileBlock - _fileBlocks[high] < _extents[high].BlockCount)
        {
            // Readers race to remember the last hit: any of their answers is a right one.
            _lastHit = high;
            return high;
        }

        return ~low;
    }
}
