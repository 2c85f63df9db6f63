using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Adit.Media.Persistence;

/// <summary>Copies and zeroes past the cache, in whole lines and, for the pieces of lines at both ends, in aligned
/// 8-byte words. What is not made of such words goes through the cache and is written back. No byte outside the range
/// is ever stored, so neighbours in the same line may be stored to by others at the same time. A store fence must
/// follow.</summary>
/// <remarks>Past the cache, because a line whose old content is not there would be fetched from the medium just to be overwritten.
/// A few lines are fetched faster than stores past the cache drain: those go through it and are written back, as libpmem does
/// below its PMEM_MOVNT_THRESHOLD. An aligned word that the range holds whole is never stored in parts.</remarks>
internal static unsafe class StreamingStores
{
    private const nuint Word = sizeof(long);
    private const nuint Line = CacheLines.SizeBytes;

    /// <summary>From here on copies go past the cache whatever their alignment.</summary>
    private const nuint StreamedBytes = 512;

    public static void Copy<TPersist>(byte* to, ref readonly byte source, nuint lengthBytes)
        where TPersist : struct, IPersist
    {
        ref byte from = ref Unsafe.AsRef(in source);
        if (lengthBytes < StreamedBytes && ((nuint)to & (Word - 1)) == 0 && lengthBytes != 0)
        {
            // From an aligned start the runtime's copy divides the range between words only.
            Unsafe.CopyBlockUnaligned(ref *to, ref from, (uint)lengthBytes);
            TPersist.WriteBack(to, lengthBytes);
            return;
        }

        nuint head = Math.Min((nuint)(-(nint)to) & (Line - 1), lengthBytes);
        if (head != 0)
        {
            CopyPiece<TPersist>(to, ref from, head);
            to += head;
            from = ref Unsafe.Add(ref from, head);
            lengthBytes -= head;
        }

        nuint whole = lengthBytes & ~(Line - 1);
        if (Vector512.IsHardwareAccelerated)
        {
            CopyLines512(to, ref from, whole);
        }
        else
        {
            CopyLines256(to, ref from, whole);
        }

        if (whole != lengthBytes)
        {
            CopyPiece<TPersist>(to + whole, ref Unsafe.Add(ref from, whole), lengthBytes - whole);
        }
    }

    public static void Zero<TPersist>(byte* to, nuint lengthBytes)
        where TPersist : struct, IPersist
    {
        nuint head = Math.Min((nuint)(-(nint)to) & (Line - 1), lengthBytes);
        if (head != 0)
        {
            ZeroThroughCache<TPersist>(to, head);
        }

        byte* end = to + lengthBytes;
        byte* line = to + head;
        for (; (nuint)(end - line) >= Line; line += Line)
        {
            Vector256<byte>.Zero.StoreAlignedNonTemporal(line);
            Vector256<byte>.Zero.StoreAlignedNonTemporal(line + 32);
        }

        if (line != end)
        {
            ZeroThroughCache<TPersist>(line, (nuint)(end - line));
        }
    }

    /// <summary>Copies a piece of one line.</summary>
    private static void CopyPiece<TPersist>(byte* to, ref byte from, nuint lengthBytes)
        where TPersist : struct, IPersist
    {
        if (Sse2.X64.IsSupported && (((nuint)to | lengthBytes) & (Word - 1)) == 0)
        {
            for (nuint at = 0; at < lengthBytes; at += Word)
            {
                Sse2.X64.StoreNonTemporal((long*)(to + at), Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref from, at)));
            }

            return;
        }

        Unsafe.CopyBlockUnaligned(ref *to, ref from, (uint)lengthBytes);
        TPersist.WriteBack(to, lengthBytes);
    }

    private static void ZeroThroughCache<TPersist>(byte* to, nuint lengthBytes)
        where TPersist : struct, IPersist
    {
        Unsafe.InitBlockUnaligned(to, 0, (uint)lengthBytes);
        TPersist.WriteBack(to, lengthBytes);
    }

    internal static void CopyLines512(byte* to, ref byte from, nuint lengthBytes)
    {
        nuint at = 0;
        for (; at + (4 * Line) <= lengthBytes; at += 4 * Line)
        {
            Vector512<byte> a = Vector512.LoadUnsafe(ref from, at);
            Vector512<byte> b = Vector512.LoadUnsafe(ref from, at + Line);
            Vector512<byte> c = Vector512.LoadUnsafe(ref from, at + (2 * Line));
            Vector512<byte> d = Vector512.LoadUnsafe(ref from, at + (3 * Line));
            a.StoreAlignedNonTemporal(to + at);
            b.StoreAlignedNonTemporal(to + at + Line);
            c.StoreAlignedNonTemporal(to + at + (2 * Line));
            d.StoreAlignedNonTemporal(to + at + (3 * Line));
        }

        for (; at < lengthBytes; at += Line)
        {
            Vector512.LoadUnsafe(ref from, at).StoreAlignedNonTemporal(to + at);
        }
    }

    internal static void CopyLines256(byte* to, ref byte from, nuint lengthBytes)
    {
        for (nuint at = 0; at < lengthBytes; at += Line)
        {
            Vector256<byte> a = Vector256.LoadUnsafe(ref from, at);
            Vector256<byte> b = Vector256.LoadUnsafe(ref from, at + 32);
            a.StoreAlignedNonTemporal(to + at);
            b.StoreAlignedNonTemporal(to + at + 32);
        }
    }
}
