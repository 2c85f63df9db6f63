using System.Collections;
using Adit.Format;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.TestKit.Model;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash.Stores;

public sealed partial class StoreCrashWorkload
{
    public string? Check(SimulatedMedium image, ImageUse use)
    {
        using StoreHolder opened = new(MetadataStore.Open(image, StoreOptions));
        use.Recovered?.Invoke();
        StoreState? found = Match(opened.Store, out string? difference);
        if (found is null)
        {
            return difference;
        }

        string? wrong = CheckData(opened.Store.Medium, found) ?? CheckInodeNumbers(opened.Store, found) ?? CheckSpace(opened.Store, found);
        return wrong is null && use.GoOn ? GoOn(opened, image, found, new Random(use.Seed)) : wrong;
    }

    /// <summary>Finds the candidate that the store equals.</summary>
    private StoreState? Match(MetadataStore store, out string? difference)
    {
        ulong digest = 0;
        Read(store, (key, value) => digest += StoreState.DigestOf(key, value));
        foreach (StoreState candidate in _history.Candidates)
        {
            if (candidate.Digest == digest)
            {
                difference = null;
                return candidate;
            }
        }

        Dictionary<TreeKey, byte[]> records = [];
        Read(store, (key, value) => records.Add(key, value.ToArray()));
        string inFlight = _history.InFlight is null ? "" : $"\n  against the operation in flight: {_history.InFlight.FindDifference(records)}";
        difference = $"no prefix of the transactions gives this state, with {_history.UnacknowledgedCount} unacknowledged"
            + $"\n  against the last acknowledged: {_history.Acknowledged.FindDifference(records)}"
            + $"\n  against the last returned: {_history.Current.FindDifference(records)}{inFlight}";
        return null;
    }

    private delegate void RecordVisitor(TreeKey key, ReadOnlySpan<byte> value);

    /// <summary>Visits the records that transactions put; those that the store keeps for itself are under inode 0 and in
    /// the reverse map.</summary>
    private static void Read(MetadataStore store, RecordVisitor visit)
    {
        using TreeReader reader = store.Read();
        TreeKey next = new(new InodeNumber(2), 0, 0);
        TreeKey previous = TreeKey.Min;
        while (reader.TryGetAtOrAbove(next, out TreeKey found, out ReadOnlySpan<byte> value) && found.High < TreeKey.ReverseMapSpace)
        {
            if (found <= previous)
            {
                throw new InvalidDataException($"{found} comes after {previous}");
            }

            visit(found, value);
            previous = found;
            next = found.Next();
        }
    }

    private static string? CheckData(Media.Medium medium, StoreState state)
    {
        foreach ((TreeKey key, StoreExtent extent) in state.Extents)
        {
            for (uint i = 0; i < extent.Record.BlockCount; i++)
            {
                BlockAddress block = extent.Record.Start + i;
                if (!Pattern.Matches(medium.Span(block.OffsetBytes, Geometry.BlockSize), extent.Seed + i))
                {
                    return $"{block} of {key} holds other bytes";
                }
            }
        }

        return null;
    }

    private static string? CheckInodeNumbers(MetadataStore store, StoreState state)
    {
        ulong next = store.NextInodeNumber();
        ulong last = 0;
        foreach (TreeKey key in state.Records.Keys)
        {
            if (key.High >= FirstInode)
            {
                break;
            }

            last = key.High;
        }

        return next <= last ? $"inode number {next} is given out again: {last} is there" : null;
    }

    /// <summary>Reserves everything that is free: no block of an extent may be among it, and it must be as much as was said.</summary>
    private static string? CheckSpace(MetadataStore store, StoreState state)
    {
        BitArray taken = new((int)(store.Medium.LengthBytes / Geometry.BlockSize));
        foreach ((TreeKey key, StoreExtent extent) in state.Extents)
        {
            for (uint i = 0; i < extent.Record.BlockCount; i++)
            {
                int block = (int)(extent.Record.Start + i).Value;
                if (taken[block])
                {
                    return $"block {block} belongs to {key} and to another";
                }

                taken[block] = true;
            }
        }

        long free = store.Space.FreeBlocks;
        long reserved = 0;
        List<BlockExtent> all = [];
        string? wrong = null;
        while (wrong is null && store.Space.TryReserve(new SpaceRequest(SpaceAllocator.MaxBlocksPerRequest, BlockAddress.None, 0, SpaceShape.Large), out BlockExtent extent) == Errno.Success)
        {
            all.Add(extent);
            reserved += extent.BlockCount;
            for (int block = (int)extent.Start.Value; block < extent.End.Value && wrong is null; block++)
            {
                wrong = taken[block] ? $"block {block} is free and taken, or free twice" : null;
                taken[block] = true;
            }
        }

        foreach (BlockExtent extent in all)
        {
            store.Space.Return(extent);
        }

        return wrong ?? (reserved == free ? null : $"{free} blocks are said to be free, {reserved} can be reserved");
    }

    /// <summary>Life after the crash: transactions, a checkpoint perhaps, a close or another death, and a second opening.</summary>
    private string? GoOn(StoreHolder opened, SimulatedMedium image, StoreState state, Random random)
    {
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            Errno outcome = opened.Store.Begin(out Transaction transaction);
            if (outcome == Errno.ENOSPC)
            {
                break;
            }

            if (outcome != Errno.Success)
            {
                return $"begin after recovery: {outcome}";
            }

            TreeKey key = new(new InodeNumber(FirstInode + (ulong)random.Next(InodeCount)), RecordKind.Attribute, (ulong)random.Next(1000));
            byte[] value = Pattern.Make(options.IsUniform ? options.MaxValueBytes : random.Next(200), (ulong)random.NextInt64());
            transaction.Put(key, value);
            transaction.Commit();
            state = state.Put(key, value);
        }

        if (random.Next(options.IsUniform ? 10 : 2) == 0)
        {
            Errno outcome = opened.Store.Checkpoint();
            if (outcome != Errno.Success)
            {
                return $"checkpoint after recovery: {outcome}";
            }
        }

        if (random.Next(options.IsUniform ? 10 : 2) == 0)
        {
            opened.Close();
        }
        else
        {
            opened.Store.EnsureDurable();
            opened.Store.Abandon();
        }

        opened.Store = MetadataStore.Open(image, StoreOptions);
        Dictionary<TreeKey, byte[]> records = [];
        Read(opened.Store, (key, value) => records.Add(key, value.ToArray()));
        string difference = state.FindDifference(records);
        return difference == "no difference"
            ? CheckData(opened.Store.Medium, state) ?? CheckSpace(opened.Store, state)
            : $"after recovery, some transactions and another opening: {difference}";
    }

    /// <summary>A store that is let go of without touching its medium.</summary>
    private sealed class StoreHolder(MetadataStore store) : IDisposable
    {
        public MetadataStore Store { get; set; } = store;

        public void Close() => Store.Dispose();

        public void Dispose() => Store.Abandon();
    }
}
