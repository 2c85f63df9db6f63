using Adit.Format;

namespace Adit.Metadata.Space;

/// <summary>Freed blocks in the order of their freeing, each with the token that will release it. A ring that grows;
/// guarded by the allocator's lock.</summary>
internal sealed class PendingFrees
{
    private Entry[] _ring = new Entry[64];
    private int _head;
    private int _count;

    public long Token { get; private set; } = 1;

    public long BlockCount { get; private set; }

    public void Add(BlockExtent blocks)
    {
        BlockCount += blocks.BlockCount;
        if (_count > 0)
        {
            ref var last = ref At(_count - 1);
            if (last.Token == Token && last.Blocks.End == blocks.Start)
            {
                last.Blocks = new BlockExtent(last.Blocks.Start, last.Blocks.BlockCount + blocks.BlockCount);
                return;
            }
        }

        if (_count == _ring.Length)
        {
            Grow();
        }

        _count++;
        At(_count - 1) = new Entry { Blocks = blocks, Token = Token };
    }

    /// <summary>The token of everything added until now.</summary>
    public long Seal() => Token++;

    /// <summary>Takes the oldest entry off when its token is not above the given one.</summary>
    public bool TryTake(long token, out BlockExtent blocks)
    {
        if (_count == 0 || At(0).Token > token)
        {
            blocks = default;
            return false;
        }

        blocks = At(0).Blocks;
        _head = (_head + 1) & (_ring.Length - 1);
        _count--;
        BlockCount -= blocks.BlockCount;
        return true;
    }

    private ref Entry At(int index) => ref _ring[(_head + index) & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new Entry[_ring.Length * 2];
        for (var index = 0; index < _count; index++)
        {
            larger[index] = At(index);
        }

        _ring = larger;
        _head = 0;
    }

    private struct Entry
    {
        public BlockExtent Blocks;
        public long Token;
    }
}
