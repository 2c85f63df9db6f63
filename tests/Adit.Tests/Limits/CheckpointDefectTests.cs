using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Tests.Limits;

public sealed class CheckpointDefectTests
{
    private static readonly TreeKey Key = new(new InodeNumber(2000), RecordKind.Inode, 0);

    /// <summary>Half a checkpoint is nothing to go on from: the store refuses changes, goes on reading, and loses nothing.</summary>
    [Fact]
    public void Broken_invariant_in_a_checkpoint_is_the_stores_failure_and_loses_nothing()
    {
        using MemoryMedium medium = new(64 << 20);
        MetadataStore.Format(medium, new FormatOptions());
        MetadataStore store = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
        Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
        transaction.Put(Key, [1, 2, 3, 4, 5, 6, 7, 8]);
        transaction.Commit();
        store.BreaksInCheckpoint = true;

        Assert.Throws<InvariantException>(() => store.Checkpoint());

        Assert.IsType<InvariantException>(store.Failure);
        Assert.Equal(Errno.EIO, store.Begin(out _));
        Assert.Equal(Errno.EIO, store.Checkpoint());
        AssertThere(store);
        store.Abandon();
        using MetadataStore again = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
        AssertThere(again);
    }

    private static void AssertThere(MetadataStore store)
    {
        using TreeReader tree = store.Read();
        Assert.True(tree.TryGet(Key, out ReadOnlySpan<byte> value));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], value.ToArray());
    }
}
