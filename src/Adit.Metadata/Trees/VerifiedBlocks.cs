using System.Runtime.InteropServices;

namespace Adit.Metadata.Trees;

/// <summary>Which nodes have proved themselves since the volume was opened: one bit a block, in memory that the system
/// provides when it is first touched. Thread-safe.</summary>
internal sealed unsafe class VerifiedBlocks(long blockCount) : IDisposable
{
    private readonly long _blockCount = blockCount;
    private ulong* _bits = (ulong*)NativeMemory.AllocZeroed((nuint)((blockCount + 63) / 64), sizeof(ulong));

    public bool Contains(long block)
    {
        Invariant.That((ulong)block < (ulong)_blockCount, "a node lies inside the volume");
        return (Volatile.Read(ref _bits[block >> 6]) & (1UL << (int)(block & 63))) != 0;
    }

    public void Set(long block)
    {
        Invariant.That((ulong)block < (ulong)_blockCount, "a node lies inside the volume");
        Interlocked.Or(ref _bits[block >> 6], 1UL << (int)(block & 63));
    }

    public void Dispose()
    {
        NativeMemory.Free(_bits);
        _bits = null;
    }
}
