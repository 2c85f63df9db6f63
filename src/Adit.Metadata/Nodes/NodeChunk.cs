using System.Numerics;
using Adit.Format;

namespace Adit.Metadata.Nodes;

/// <summary>What is known of one chunk of tree nodes, one bit a block.</summary>
internal sealed class NodeChunk(long chunk)
{
    public long Chunk { get; } = chunk;

    /// <summary>Nodes of the working tree.</summary>
    public NodeBits Live;

    /// <summary>Blocks that cannot be given out: live, or held until a checkpoint is published.</summary>
    public NodeBits Busy;

    /// <summary>Nodes made in this epoch: what its checkpoint writes back.</summary>
    public NodeBits Dirty;

    /// <summary>Nodes of older epochs that this epoch replaced.</summary>
    public NodeBits Freed;

    /// <summary>The same three as they were when the epoch now being written was closed.</summary>
    public NodeBits ClosedLive;
    public NodeBits ClosedDirty;
    public NodeBits ClosedFreed;

    public int BusyCount { get; set; }

    /// <summary>Changed since the epoch began.</summary>
    public bool IsTouched { get; set; }

    /// <summary>Nothing is given out here any more: the chunk goes back to the data.</summary>
    public bool IsRetired { get; set; }

    /// <summary>The lowest free block, or -1.</summary>
    public int FindFree()
    {
        for (int word = 0; word < 8; word++)
        {
            if (Busy[word] != ulong.MaxValue)
            {
                return (word << 6) + BitOperations.TrailingZeroCount(~Busy[word]);
            }
        }

        return -1;
    }

    public static bool Has(in NodeBits bits, int index) => (bits[index >> 6] & (1UL << (index & 63))) != 0;

    public static void Set(ref NodeBits bits, int index) => bits[index >> 6] |= 1UL << (index & 63);

    public static void Clear(ref NodeBits bits, int index) => bits[index >> 6] &= ~(1UL << (index & 63));

    public static int CountOf(in NodeBits bits)
    {
        int count = 0;
        for (int word = 0; word < 8; word++)
        {
            count += BitOperations.PopCount(bits[word]);
        }

        return count;
    }
}
