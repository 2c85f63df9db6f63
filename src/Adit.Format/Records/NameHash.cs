using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Format.Records;

/// <summary>Where a name lies among the records of its directory or inode: SipHash-1-3 of its bytes under the volume's id as
/// key, so that nobody who does not know the id can make names collide. Names that collide all the same take the next of 256
/// slots.</summary>
public readonly struct NameHash
{
    /// <summary>Names of one hash that can live side by side.</summary>
    public const int SlotCount = 256;

    private const int EntryHashBits = 48;
    private const int AttributeHashBits = 40;

    private readonly ulong _key0;
    private readonly ulong _key1;
    private readonly ulong _mask;

    public NameHash(Guid volumeId)
        : this(volumeId, ulong.MaxValue)
    {
    }

    /// <param name="volumeId">The key.</param>
    /// <param name="mask">Keeps only these bits of each hash, so that a test can make names collide.</param>
    public NameHash(Guid volumeId, ulong mask)
    {
        Span<byte> key = stackalloc byte[16];
        volumeId.TryWriteBytes(key);
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
        _mask = mask;
    }

    /// <summary>The first slot for an entry's name: 48 bits of hash, then 8 bits of slot.</summary>
    public ulong EntryOffset(ReadOnlySpan<byte> name) => ((Hash(name) & _mask) >> (64 - EntryHashBits)) << 8;

    /// <summary>The first slot for an extended attribute's name: 40 bits of hash, then 8 bits of slot.</summary>
    public ulong AttributeOffset(ReadOnlySpan<byte> name) => ((Hash(name) & _mask) >> (64 - AttributeHashBits)) << 8;

    /// <summary>SipHash-1-3 of the name.</summary>
    public ulong Hash(ReadOnlySpan<byte> name)
    {
        ulong v0 = _key0 ^ 0x736f6d6570736575;
        ulong v1 = _key1 ^ 0x646f72616e646f6d;
        ulong v2 = _key0 ^ 0x6c7967656e657261;
        ulong v3 = _key1 ^ 0x7465646279746573;
        ref byte first = ref MemoryMarshal.GetReference(name);
        int whole = name.Length & ~7;
        for (int i = 0; i < whole; i += 8)
        {
            ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, i));
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        ulong last = ((ulong)name.Length << 56) | Tail(ref Unsafe.Add(ref first, whole), name.Length & 7);

        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xff;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    /// <summary>Up to seven bytes as a number: four, two and one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Tail(ref byte first, int length)
    {
        ulong tail = 0;
        int at = 0;
        if ((length & 4) != 0)
        {
            tail = Unsafe.ReadUnaligned<uint>(ref first);
            at = 4;
        }

        if ((length & 2) != 0)
        {
            tail |= (ulong)Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref first, at)) << (8 * at);
            at += 2;
        }

        if ((length & 1) != 0)
        {
            tail |= (ulong)Unsafe.Add(ref first, at) << (8 * at);
        }

        return tail;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
