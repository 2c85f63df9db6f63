using System.Numerics;
using Adit.Metadata.Space;

namespace Adit.Metadata.Checking;

/// <summary>One bit a block, in memory that costs nothing until it is touched.</summary>
internal sealed class BlockSet(long blockCount) : IDisposable
{
    private readonly NativeTable<ulong> _words = new((blockCount + 63) >> 6);

    public bool Contains(long block) => (_words[block >> 6] & (1UL << (int)(block & 63))) != 0;

    /// <returns>False when it was a member already.</returns>
    public bool Add(long block)
    {
        ref ulong word = ref _words[block >> 6];
        ulong bit = 1UL << (int)(block & 63);
        if ((word & bit) != 0)
        {
            return false;
        }

        word |= bit;
        return true;
    }

    /// <summary>64 blocks from a multiple of 64 on.</summary>
    public ref ulong WordAt(long block) => ref _words[block >> 6];

    public long CountIn(long block, long blockCount)
    {
        long count = 0;
        for (long word = block >> 6; word < (block + blockCount) >> 6; word++)
        {
            count += BitOperations.PopCount(_words[word]);
        }

        return count;
    }

    public void Dispose() => _words.Dispose();
}
