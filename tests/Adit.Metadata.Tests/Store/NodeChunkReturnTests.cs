using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Transactions;

namespace Adit.Metadata.Tests.Store;

/// <summary>Chunks of nodes that become empty go back to data, also when nothing has looked at them since the store was opened.</summary>
public sealed class NodeChunkReturnTests
{
    private const ulong FirstInode = 1000;
    private const ulong RecordCount = 12_000;
    private const int PerTransaction = 30;

    [Fact]
    public void Node_chunks_of_an_earlier_opening_go_back_to_data()
    {
        using MemoryMedium medium = new(256 << 20);
        MetadataStore.Format(medium, new FormatOptions());
        long free = Change(medium, (transaction, key) => transaction.Put(key, new byte[1000]));

        long freed = Change(medium, static (transaction, key) => transaction.Delete(key));

        Assert.True(freed >= free + (3 * Geometry.BlocksPerChunk), $"{freed} blocks are free, and {free} were when the nodes were there");
    }

    /// <summary>Does something to every record in a new opening, and closes it.</summary>
    /// <returns>The blocks that are free in the end.</returns>
    private static long Change(Medium medium, Action<Transaction, TreeKey> change)
    {
        using MetadataStore store = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
        for (ulong record = 0; record < RecordCount; record += PerTransaction)
        {
            Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
            for (ulong i = record; i < record + PerTransaction; i++)
            {
                change(transaction, new TreeKey(new InodeNumber(FirstInode + i), RecordKind.Inode, 0));
            }

            transaction.Commit();
        }

        for (int i = 0; i < 4; i++)
        {
            // The tree and the chunks that it leaves go one after the other.
            Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
            transaction.Put(new TreeKey(new InodeNumber(FirstInode - 1), RecordKind.Inode, 0), new byte[8]);
            transaction.Commit();
            Assert.Equal(Errno.Success, store.Checkpoint());
        }

        return store.FreeBlocks;
    }
}
