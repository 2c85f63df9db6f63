using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Adit.Format;
using Adit.TestKit.Model;

namespace Adit.TestKit.Crash.Stores;

/// <summary>What a store must hold after some number of transactions. Immutable, with a digest that each transaction
/// moves on, so that an image is compared with many candidates at the cost of one.</summary>
public sealed record StoreState
{
    public static readonly StoreState Empty = new();

    /// <summary>Plain records by key.</summary>
    public ImmutableSortedDictionary<TreeKey, byte[]> Records { get; private init; } = ImmutableSortedDictionary<TreeKey, byte[]>.Empty;

    /// <summary>Extents by key, with what their blocks hold.</summary>
    public ImmutableSortedDictionary<TreeKey, StoreExtent> Extents { get; private init; } = ImmutableSortedDictionary<TreeKey, StoreExtent>.Empty;

    /// <summary>The sum of the digests of all records and extents: the same for the same content, whatever its history.</summary>
    public ulong Digest { get; private init; }

    public long TakenBlocks { get; private init; }

    public StoreState Put(TreeKey key, byte[] value)
    {
        StoreState without = Delete(key);
        return without with
        {
            Records = without.Records.Add(key, value),
            Digest = without.Digest + DigestOf(key, value),
        };
    }

    public StoreState Delete(TreeKey key) => Records.TryGetValue(key, out byte[]? old)
        ? this with { Records = Records.Remove(key), Digest = Digest - DigestOf(key, old) }
        : this;

    public StoreState PutExtent(TreeKey key, StoreExtent extent)
    {
        StoreState without = DeleteExtent(key);
        return without with
        {
            Extents = without.Extents.Add(key, extent),
            Digest = without.Digest + DigestOf(key, extent.Record),
            TakenBlocks = without.TakenBlocks + extent.Record.BlockCount,
        };
    }

    public StoreState DeleteExtent(TreeKey key) => Extents.TryGetValue(key, out StoreExtent? old)
        ? this with
        {
            Extents = Extents.Remove(key),
            Digest = Digest - DigestOf(key, old.Record),
            TakenBlocks = TakenBlocks - old.Record.BlockCount,
        }
        : this;

    public static ulong DigestOf(TreeKey key, ReadOnlySpan<byte> value)
    {
        ulong digest = Pattern.Mix(key.High ^ Pattern.Mix(key.Low)) + (ulong)value.Length;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(value))
        {
            digest = Pattern.Mix(digest ^ word);
        }

        foreach (byte tail in value[(value.Length & -8)..])
        {
            digest = Pattern.Mix(digest ^ tail);
        }

        return digest;
    }

    /// <summary>The first thing that this state has and a set of observed records does not, or the reverse.</summary>
    public string FindDifference(IReadOnlyDictionary<TreeKey, byte[]> observed)
    {
        Span<byte> encoded = stackalloc byte[ExtentRecord.SizeBytes];
        foreach ((TreeKey key, byte[] value) in Records)
        {
            if (!observed.TryGetValue(key, out byte[]? found))
            {
                return $"{key} is missing";
            }

            if (!found.AsSpan().SequenceEqual(value))
            {
                return $"{key} has {found.Length} bytes that are not the {value.Length} expected";
            }
        }

        foreach ((TreeKey key, StoreExtent extent) in Extents)
        {
            extent.Record.Write(encoded);
            if (!observed.TryGetValue(key, out byte[]? found))
            {
                return $"{key} ({extent.Record}) is missing";
            }

            if (!found.AsSpan().SequenceEqual(encoded))
            {
                return $"{key} is {ExtentRecord.Read(found)}, expected {extent.Record}";
            }
        }

        foreach (TreeKey key in observed.Keys)
        {
            if (!Records.ContainsKey(key) && !Extents.ContainsKey(key))
            {
                return $"{key} should not be there";
            }
        }

        return "no difference";
    }

    private static ulong DigestOf(TreeKey key, ExtentRecord record)
    {
        Span<byte> encoded = stackalloc byte[ExtentRecord.SizeBytes];
        record.Write(encoded);
        return DigestOf(key, encoded);
    }
}

/// <summary>An extent and the seed of the bytes in its blocks.</summary>
/// <param name="Record">What the tree says.</param>
/// <param name="Seed">Block i holds the pattern of this seed plus i.</param>
public sealed record StoreExtent(ExtentRecord Record, ulong Seed);
