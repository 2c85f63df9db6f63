using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Checking;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Metadata.Tests.Store;

/// <summary>The store against a sorted dictionary: random records, extents and blocks, checkpoints, reopenings.</summary>
public sealed class StoreModelTests
{
    private const int VolumeBytes = 16 << 20;

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 400)]
    [InlineData(3, 4000)]
    public void Store_random_changes_equal_a_sorted_dictionary(int seed, int keyCount)
    {
        using MemoryMedium medium = new(VolumeBytes);
        MetadataStore.Format(medium, new FormatOptions { LogBytes = 128 << 10 });
        Random random = new(seed);
        SortedDictionary<TreeKey, byte[]> model = [];
        for (int round = 0; round < 12; round++)
        {
            MetadataStore store = Open(medium);
            AssertEqual(model, store, $"seed {seed}, round {round}, opened");
            for (int step = 0; step < 300; step++)
            {
                Change(store, model, random, keyCount);
                if (random.Next(100) == 0)
                {
                    Assert.Equal(Errno.Success, store.Checkpoint());
                }
            }

            AssertEqual(model, store, $"seed {seed}, round {round}, changed");
            if (random.Next(2) == 0)
            {
                store.Dispose();
            }
            else
            {
                store.Abandon();
            }
        }
    }

    [Fact]
    public void Keys_that_come_where_a_nodes_first_leaf_was_emptied_are_found_and_can_be_read_again()
    {
        const ulong Leaves = 200;
        using MemoryMedium medium = new(VolumeBytes);
        MetadataStore.Format(medium, new FormatOptions());
        SortedDictionary<TreeKey, byte[]> model = [];
        using (MetadataStore store = Open(medium))
        {
            // Three to a leaf, too many to merge with what is left of a neighbour, and more leaves than one inner node leads to.
            for (ulong number = 0; number < 3 * Leaves; number++)
            {
                PutOne(store, model, 1000 * number, 1000);
            }

            // One leaf after another is emptied, and keys fill the place that it leaves, the first leaf of an inner node too.
            for (ulong leaf = 0; leaf < Leaves; leaf++)
            {
                ulong first = 3000 * leaf;
                for (ulong number = 0; number < 3; number++)
                {
                    DeleteOne(store, model, first + (1000 * number));
                }

                for (ulong number = 2; number > 0; number--)
                {
                    for (ulong place = 1; place < 6; place++)
                    {
                        PutOne(store, model, first + (1000 * number) + place, 1000);
                    }
                }
            }

            AssertEqual(model, store, "filled");
            foreach (TreeKey key in model.Keys.Where(key => key.Offset % 2 == 0).ToArray())
            {
                DeleteOne(store, model, key.Offset);
            }

            AssertEqual(model, store, "thinned");
        }

        Assert.Empty(FindingsOf(medium));
        using (MetadataStore store = Open(medium))
        {
            AssertEqual(model, store, "opened");
        }
    }

    [Fact]
    public void Store_values_of_every_length_survive_reopening()
    {
        using MemoryMedium medium = new(VolumeBytes);
        MetadataStore.Format(medium, new FormatOptions());
        SortedDictionary<TreeKey, byte[]> model = [];
        MetadataStore store = Open(medium);
        for (int length = 0; length <= Transaction.MaxValueBytes; length++)
        {
            byte[] value = new byte[length];
            value.AsSpan().Fill((byte)length);
            TreeKey key = new(new InodeNumber(7), RecordKind.Setting, (ulong)length);
            Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
            transaction.Put(key, value);
            transaction.Commit();
            model[key] = value;
        }

        store.Abandon();
        store = Open(medium);
        AssertEqual(model, store, "abandoned");
        store.Dispose();
        store = Open(medium);
        Assert.True(store.Identity.WasClean);
        AssertEqual(model, store, "closed");
        store.Dispose();
    }

    [Fact]
    public void Reverse_map_follows_extents_that_move_grow_and_go()
    {
        using MemoryMedium medium = new(VolumeBytes);
        MetadataStore.Format(medium, new FormatOptions());
        using MetadataStore store = Open(medium);
        InodeNumber inode = new(20);
        BlockExtent blocks = Reserve(store, 8);
        store.Begin(out Transaction transaction);
        transaction.Take(blocks);
        transaction.PutExtent(inode, 0, new ExtentRecord(blocks.Start, 2, ExtentFlags.None));
        transaction.Commit();
        store.Begin(out transaction);
        transaction.PutExtent(inode, 0, new ExtentRecord(blocks.Start, 3, ExtentFlags.None));
        transaction.Commit();
        Assert.Equal(3u, Reverse(store, blocks.Start, inode, 0)!.Value.BlockCount);
        store.Begin(out transaction);
        transaction.PutExtent(inode, 0, new ExtentRecord(blocks.Start + 4, 3, ExtentFlags.None));
        transaction.Commit();
        Assert.Null(Reverse(store, blocks.Start, inode, 0));
        Assert.Equal(3u, Reverse(store, blocks.Start + 4, inode, 0)!.Value.BlockCount);
        store.Begin(out transaction);
        transaction.DeleteExtent(inode, 0);
        transaction.Free(blocks);
        transaction.Commit();
        Assert.Null(Reverse(store, blocks.Start + 4, inode, 0));
    }

    [Fact]
    public void Full_store_refuses_records_until_some_are_deleted()
    {
        using MemoryMedium medium = new(8 << 20);
        MetadataStore.Format(medium, new FormatOptions { LogBytes = 64 << 10 });
        using MetadataStore store = Open(medium);
        ulong count = 0;
        Errno outcome;
        while ((outcome = TryPut(store, count)) == Errno.Success)
        {
            count++;
            Assert.True(count < 100_000, "a small volume must fill up");
        }

        Assert.Equal(Errno.ENOSPC, outcome);
        Assert.True(count > 2000, $"only {count} records of 1 KiB fit into 8 MiB");
        for (ulong number = 0; number < count; number++)
        {
            Assert.Equal(Errno.Success, store.Begin(out Transaction transaction, TransactionSize.Freeing));
            transaction.Delete(new TreeKey(new InodeNumber(9), RecordKind.Setting, number));
            transaction.Commit();
        }

        Assert.Equal(Errno.Success, store.Checkpoint());
        Assert.Equal(Errno.Success, TryPut(store, 0));
    }

    [Fact]
    public void Inode_numbers_are_never_given_out_twice()
    {
        using MemoryMedium medium = new(VolumeBytes);
        MetadataStore.Format(medium, new FormatOptions());
        ulong last = 0;
        for (int round = 0; round < 6; round++)
        {
            MetadataStore store = Open(medium);
            ulong number = store.NextInodeNumber();
            Assert.True(number > last);
            last = number;
            store.Begin(out Transaction transaction);
            transaction.Put(new TreeKey(new InodeNumber(number), RecordKind.Inode, 0), [1]);
            transaction.Commit();
            if (round % 2 == 0)
            {
                store.Dispose();
            }
            else
            {
                store.Abandon();
            }
        }
    }

    [Fact]
    public void Blocks_taken_and_freed_are_counted_the_same_after_each_reopening()
    {
        using MemoryMedium medium = new(VolumeBytes);
        MetadataStore.Format(medium, new FormatOptions { LogBytes = 64 << 10 });
        Random random = new(5);
        List<BlockExtent> taken = [];
        for (int round = 0; round < 10; round++)
        {
            MetadataStore store = Open(medium);
            for (int step = 0; step < 200; step++)
            {
                if (taken.Count == 0 || random.Next(100) < 55)
                {
                    SpaceRequest request = new(random.Next(1, 40), BlockAddress.None, 0, SpaceShape.Small);
                    if (store.Space.TryReserve(request, out BlockExtent blocks) != Errno.Success)
                    {
                        continue;
                    }

                    store.Begin(out Transaction transaction);
                    transaction.Take(blocks);
                    transaction.Commit();
                    Assert.DoesNotContain(taken, other => other.Start < blocks.End && blocks.Start < other.End);
                    taken.Add(blocks);
                }
                else
                {
                    int index = random.Next(taken.Count);
                    store.Begin(out Transaction transaction, TransactionSize.Freeing);
                    transaction.Free(taken[index]);
                    transaction.Commit();
                    taken.RemoveAt(index);
                }
            }

            store.Checkpoint();
            long expected = taken.Sum(blocks => blocks.BlockCount);
            long nodeBlocks = store.Statistics.NodeCount + store.Statistics.FreeNodeCount;
            Assert.InRange(store.TotalBlocks - store.FreeBlocks - expected, 512, 512 + (nodeBlocks * 2));
            if (round % 2 == 0)
            {
                store.Dispose();
            }
            else
            {
                store.Abandon();
            }
        }
    }

    private static Errno TryPut(MetadataStore store, ulong number)
    {
        Errno outcome = store.Begin(out Transaction transaction);
        if (outcome == Errno.Success)
        {
            transaction.Put(new TreeKey(new InodeNumber(9), RecordKind.Setting, number), new byte[1000]);
            transaction.Commit();
        }

        return outcome;
    }

    private static ReverseMapRecord? Reverse(MetadataStore store, BlockAddress start, InodeNumber inode, long fileBlock)
    {
        using TreeReader reader = store.Read();
        return reader.TryGet(ReverseMapRecord.KeyOf(start, inode, fileBlock), out ReadOnlySpan<byte> value)
            ? ReverseMapRecord.Read(value)
            : null;
    }

    private static BlockExtent Reserve(MetadataStore store, long blocks)
    {
        Assert.Equal(Errno.Success, store.Space.TryReserve(new SpaceRequest(blocks, BlockAddress.None, 0, SpaceShape.Small), out BlockExtent extent));
        Assert.Equal(blocks, extent.BlockCount);
        return extent;
    }

    private static MetadataStore Open(Medium medium) =>
        MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });

    private static IReadOnlyList<Finding> FindingsOf(Medium medium)
    {
        FindingLog findings = new();
        using StructureChecker checker = new(medium, findings);
        Assert.True(checker.ReadFixedParts());
        checker.CheckTree();
        return findings.Kept;
    }

    private static TreeKey KeyOf(ulong number) => new(new InodeNumber(7), RecordKind.Setting, number);

    private static void PutOne(MetadataStore store, SortedDictionary<TreeKey, byte[]> model, ulong number, int valueBytes)
    {
        Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
        byte[] value = new byte[valueBytes];
        value.AsSpan().Fill((byte)number);
        transaction.Put(KeyOf(number), value);
        transaction.Commit();
        model[KeyOf(number)] = value;
    }

    private static void DeleteOne(MetadataStore store, SortedDictionary<TreeKey, byte[]> model, ulong number)
    {
        Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
        transaction.Delete(KeyOf(number));
        transaction.Commit();
        model.Remove(KeyOf(number));
    }

    private static void Change(MetadataStore store, SortedDictionary<TreeKey, byte[]> model, Random random, int keyCount)
    {
        Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
        int count = random.Next(1, 8);
        for (int index = 0; index < count; index++)
        {
            TreeKey key = new(new InodeNumber((ulong)random.Next(2, 6)), RecordKind.Setting, (ulong)random.Next(keyCount));
            if (random.Next(100) < 60)
            {
                byte[] value = new byte[random.Next(random.Next(1, 1025))];
                random.NextBytes(value);
                transaction.Put(key, value);
                model[key] = value;
            }
            else
            {
                transaction.Delete(key);
                model.Remove(key);
            }
        }

        transaction.Commit();
    }

    private static void AssertEqual(SortedDictionary<TreeKey, byte[]> model, MetadataStore store, string when)
    {
        using TreeReader reader = store.Read();
        TreeKey from = new(new InodeNumber(1), 0, 0);
        foreach ((TreeKey key, byte[] value) in model)
        {
            Assert.True(reader.TryGetAtOrAbove(from, out TreeKey found, out ReadOnlySpan<byte> actual), when);
            Assert.True(found == key, $"{when}: found {found} where {key} is next");
            Assert.True(actual.SequenceEqual(value), $"{when}: {key} has another value");
            Assert.True(reader.TryGet(key, out _), when);
            Assert.True(reader.TryGetAtOrBelow(key, out found, out _) && found == key, when);
            from = key.Next();
        }

        Assert.False(reader.TryGetAtOrAbove(from, out TreeKey beyond, out _), $"{when}: {beyond} should not be there");
    }
}
