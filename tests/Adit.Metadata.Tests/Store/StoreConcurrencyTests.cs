using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;
using Adit.TestKit;

namespace Adit.Metadata.Tests.Store;

/// <summary>Transactions, readers, syncs and checkpoints at the same time.</summary>
public sealed class StoreConcurrencyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Store_readers_see_whole_transactions_while_checkpoints_run(bool isFile)
    {
        string path = TestRoot.MakeName("adit-store-");
        using Medium medium = isFile
            ? MediumFactory.Create(path, new MediumOptions { Kind = MediumKind.File, CreateSizeBytes = 32 << 20 })
            : new MemoryMedium(32 << 20);
        try
        {
            MetadataStore.Format(medium, new FormatOptions { LogBytes = 256 << 10 });
            using (MetadataStore store = MetadataStore.Open(medium, new StoreOptions { CommitInterval = TimeSpan.FromMilliseconds(20), CheckpointInterval = TimeSpan.FromMilliseconds(50) }))
            {
                Run(store);
            }

            using MetadataStore again = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
            Assert.True(again.Identity.WasClean);
            AssertPairs(again);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Others take the room in the log twenty times before the one who made it comes to use it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Store_writer_losing_the_log_room_it_made_makes_it_again(bool isFile)
    {
        string path = TestRoot.MakeName("adit-store-");
        using Medium medium = isFile
            ? MediumFactory.Create(path, new MediumOptions { Kind = MediumKind.File, CreateSizeBytes = 32 << 20 })
            : new MemoryMedium(32 << 20);
        try
        {
            MetadataStore.Format(medium, new FormatOptions { LogBytes = 64 << 10 });
            using MetadataStore store = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
            int losses = 0;
            bool isTaking = false;
            store.WhenRoomWasMade = () =>
            {
                if (!isTaking && losses < 20)
                {
                    isTaking = true;
                    losses++;
                    TakeLogRoom(store);
                    isTaking = false;
                }
            };
            TakeLogRoom(store);
            Put(store, 0);
            Assert.Equal(20, losses);
            Assert.Null(store.Failure);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Commits until the next transaction has to make room: there is none for two of the longest records.</summary>
    private static void TakeLogRoom(MetadataStore store)
    {
        StoreStatistics now = store.Statistics;
        for (ulong pair = 0; HasRoom(now); pair++)
        {
            Put(store, pair % 8);
            now = store.Statistics;
        }

        bool HasRoom(StoreStatistics now) => store.CommitsAreDurable
            ? now.LogUsedBytes + (now.LogBytes / 8) <= now.LogBytes
            : now.StagedBytes + (now.LogBytes / 8) <= now.LogBytes / 4;
    }

    private static void Put(MetadataStore store, ulong pair)
    {
        Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
        transaction.Put(KeyOf(3, pair), new byte[300]);
        transaction.Commit();
    }

    /// <summary>Each writer keeps two records equal; readers must never see them differ.</summary>
    private static void Run(MetadataStore store)
    {
        Exception? failure = null;
        CancellationTokenSource stop = new();
        List<Thread> threads = [];
        for (int writer = 0; writer < 2; writer++)
        {
            ulong number = (ulong)writer;
            threads.Add(new Thread(() => Guard(() => Write(store, number, stop))));
        }

        threads.Add(new Thread(() => Guard(() => Loop(stop, () => AssertPairs(store)))));
        threads.Add(new Thread(() => Guard(() => Loop(stop, store.EnsureDurable))));
        threads.Add(new Thread(() => Guard(() => Loop(stop, () => Assert.Equal(Errno.Success, store.Checkpoint())))));
        threads.ForEach(thread => thread.Start());
        Assert.True(threads[0].Join(Patience) && threads[1].Join(Patience), "the writers end");
        stop.Cancel();
        Assert.All(threads, thread => Assert.True(thread.Join(Patience), "a thread hangs"));
        Assert.Null(failure);
        Assert.Null(store.Failure);

        void Guard(Action body)
        {
            try
            {
                body();
            }
            catch (Exception caught)
            {
                failure ??= caught;
                stop.Cancel();
            }
        }
    }

    private static void Loop(CancellationTokenSource stop, Action body)
    {
        while (!stop.IsCancellationRequested)
        {
            body();
            Thread.Sleep(1);
        }
    }

    private static void Write(MetadataStore store, ulong writer, CancellationTokenSource stop)
    {
        Random random = new((int)writer);
        for (int step = 0; step < 4000 && !stop.IsCancellationRequested; step++)
        {
            byte[] value = new byte[random.Next(8, 300)];
            random.NextBytes(value);
            ulong pair = writer + (2 * (ulong)random.Next(200));
            Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
            transaction.Put(KeyOf(3, pair), value);
            transaction.Put(KeyOf(4, pair), value);
            transaction.Commit();
        }
    }

    private static void AssertPairs(MetadataStore store)
    {
        using TreeReader reader = store.Read();
        for (ulong pair = 0; pair < 400; pair++)
        {
            bool hasLeft = reader.TryGet(KeyOf(3, pair), out ReadOnlySpan<byte> left);
            bool hasRight = reader.TryGet(KeyOf(4, pair), out ReadOnlySpan<byte> right);
            Assert.Equal(hasLeft, hasRight);
            Assert.True(left.SequenceEqual(right), $"pair {pair} differs");
        }
    }

    private static TreeKey KeyOf(ulong inode, ulong pair) => new(new InodeNumber(inode), RecordKind.Setting, pair);
}
