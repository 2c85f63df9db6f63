using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Adit.Cli.Bench;

/// <summary>The least that a durable write of 4 KiB can do: copy past the cache, then fence.</summary>
internal static unsafe class StreamingCopy
{
    /// <param name="to">Aligned to a cache line.</param>
    /// <param name="source">A multiple of 256 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyAndFence(byte* to, ReadOnlySpan<byte> source)
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        var length = (nuint)source.Length;
        if (Vector512.IsHardwareAccelerated)
        {
            for (nuint at = 0; at < length; at += 256)
            {
                Vector512.LoadUnsafe(ref from, at).StoreAlignedNonTemporal(to + at);
                Vector512.LoadUnsafe(ref from, at + 64).StoreAlignedNonTemporal(to + at + 64);
                Vector512.LoadUnsafe(ref from, at + 128).StoreAlignedNonTemporal(to + at + 128);
                Vector512.LoadUnsafe(ref from, at + 192).StoreAlignedNonTemporal(to + at + 192);
            }
        }
        else
        {
            for (nuint at = 0; at < length; at += 128)
            {
                Vector256.LoadUnsafe(ref from, at).StoreAlignedNonTemporal(to + at);
                Vector256.LoadUnsafe(ref from, at + 32).StoreAlignedNonTemporal(to + at + 32);
                Vector256.LoadUnsafe(ref from, at + 64).StoreAlignedNonTemporal(to + at + 64);
                Vector256.LoadUnsafe(ref from, at + 96).StoreAlignedNonTemporal(to + at + 96);
            }
        }

        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            Interlocked.MemoryBarrier();
        }
    }
}
