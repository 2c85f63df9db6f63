using System.Diagnostics;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Inodes;
using Adit.Interop;

namespace Adit.Tests.Mappings;

/// <summary>How mappings and inodes leave memory: without a lock that a reader may hold, without waiting, without allocating.</summary>
public sealed class EvictionTests
{
    private const int Page = 4096;
    private const int PatienceMs = 60_000;

    private static readonly LeaseOptions Lease = new() { Purpose = "test" };

    [Fact]
    public void Last_pin_of_a_closed_file_waits_for_no_reader_of_its_inode()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        LongPin pin = PinAndClose(volume, "/a");
        Assert.Equal(1, volume.MappingCount);
        Assert.Equal(Errno.Success, volume.Use(volume.GetAttributes("/a").Inode, out Inode? inode));
        inode!.Lock.EnterShared();
        try
        {
            pin.Dispose();

            // Whoever evicts finds the lock taken, leaves, and is not stuck with it.
            Assert.True(SpinWait.SpinUntil(() => volume.Context.HasUnnamed, PatienceMs), "the eviction waits for a reader");
            Assert.Equal(1, volume.MappingCount);
        }
        finally
        {
            inode.Lock.ExitShared();
        }

        volume.Release(inode);
        Assert.True(SpinWait.SpinUntil(() => volume.MappingCount == 0, PatienceMs), "what was left is not evicted");
        Assert.False(volume.Context.HasUnnamed);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Last_close_of_a_mapped_file_waits_for_no_lease()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(new VolumeOptions { LeaseTime = TimeSpan.FromMinutes(5) });
        long started = Stopwatch.GetTimestamp();
        LongPin pin = PinAndClose(volume, "/a");
        volume.Delete("/a");
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1));
        Assert.False(pin.Lease.Recalled.IsCancellationRequested);
        Assert.Equal(1, volume.MappingCount);
        pin.Dispose();
        Assert.True(SpinWait.SpinUntil(() => volume.MappingCount == 0, PatienceMs));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Last_close_of_a_mapped_file_allocates_nothing()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        CloseMapped(volume);
        Assert.Equal(0, CloseMapped(volume));
        Assert.Equal(0, volume.MappingCount);
    }

    [Theory]
    [InlineData(1)]
    public void Churn_that_evicts_under_directory_reads_never_hangs_and_keeps_the_bytes(int seed) => Churn(seed, rounds: 1500);

    [Fact]
    [Trait("Tier", "long")]
    public void Long_churn_that_evicts_under_directory_reads_never_hangs_and_keeps_the_bytes()
    {
        for (int seed = 2; seed < 40; seed++)
        {
            Churn(seed, rounds: 6000);
        }
    }

    /// <summary>Few inodes may stay in memory, so that nearly each use of one lets another go, below listings that read all of them.</summary>
    private static void Churn(int seed, int rounds)
    {
        const int Files = 48;
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(new VolumeOptions { InodeCacheCount = 0, LeaseTime = TimeSpan.FromMilliseconds(20) });
        volume.CreateDirectory("/d");
        for (int i = 0; i < Files; i++)
        {
            Bytes.WriteAll(volume, $"/d/{i}", Bytes.Of(3 * Page, i));
        }

        int evictions = 0;

        // What each file was mapped by when it was last open: another mapping under the same name says that the former was evicted.
        AddressSpace?[] mappings = new AddressSpace?[Files];
        int listings = 0;
        int left = 3;
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(id => new Thread(() => Guard(id)) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(60_000), $"seed {seed}: a thread hangs");
        }

        Assert.True(failure is null, $"seed {seed}: {failure}");
        Assert.True(evictions > rounds && listings > 5, $"seed {seed}: inconclusive, {evictions} evictions under {listings} listings");
        Assert.True(SpinWait.SpinUntil(() => volume.MappingCount == 0, PatienceMs), $"{volume.MappingCount} mappings are left");
        for (int i = 0; i < Files; i++)
        {
            Assert.Equal(3 * Page, Bytes.ReadAll(volume, $"/d/{i}").Length);
        }

        Assert.True(volume.Context.Inodes.Count < 8, $"{volume.Context.Inodes.Count} inodes stay in memory");
        VolumeProof.Check(volume);

        void Guard(int id)
        {
            try
            {
                Run(id);
            }
            catch (Exception thrown)
            {
                Interlocked.CompareExchange(ref failure, thrown, null);
            }
            finally
            {
                Interlocked.Decrement(ref left);
            }
        }

        void Run(int id)
        {
            Random random = new((seed * 10) + id);
            if (id == 0)
            {
                while (Volatile.Read(ref left) > 0)
                {
                    foreach (DirectoryEntry entry in volume.Enumerate("/d"))
                    {
                        // Gone since, perhaps.
                        _ = volume.Exists("/d/" + entry.Name);
                    }

                    listings++;
                }

                return;
            }

            byte[] word = new byte[8];
            for (int i = 0; i < rounds; i++)
            {
                // Each thread has files of its own, so it knows what they hold.
                int number = (random.Next(Files / 3) * 3) + id - 1;
                string path = $"/d/{number}";
                AditFile file = volume.OpenFile(path, FileMode.Open);
                if (!ReferenceEquals(file.Mapping, mappings[number]) && mappings[number] is not null)
                {
                    Interlocked.Increment(ref evictions);
                }

                mappings[number] = file.Mapping;
                long offset = random.Next(3) * Page;
                Assert.Equal(8, file.Read(offset, word));
                Assert.True(Bytes.Of(3 * Page, number).AsSpan((int)offset, 8).SequenceEqual(word));
                if (random.Next(2) == 0)
                {
                    using Pin pin = file.Pin(offset, 8, PinAccess.Write);
                    Assert.True(pin.Span.SequenceEqual(word));
                    word.CopyTo(pin.WritableSpan);
                }

                // Some pins outlive the close, and some the name.
                LongPin? kept = random.Next(4) == 0 ? file.PinLong(offset, 8, PinAccess.Read, Lease) : null;
                file.Dispose();
                if (random.Next(4) == 0)
                {
                    mappings[number] = null;
                    volume.Delete(path);
                    Bytes.WriteAll(volume, path, Bytes.Of(3 * Page, number));
                }

                Assert.True(kept is null || kept.ReadSegment(0).Span.SequenceEqual(word));
                kept?.Dispose();
            }
        }
    }

    private static LongPin PinAndClose(Volume volume, string path)
    {
        using AditFile file = volume.OpenFile(path, FileMode.Create);
        file.Write(0, Bytes.Of(Page, 1));
        return file.PinLong(0, Page, PinAccess.Write, Lease);
    }

    private static long CloseMapped(Volume volume)
    {
        AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, Bytes.Of(3 * Page, 1));
        using (Pin pin = file.Pin(Page, 8, PinAccess.Write))
        {
            pin.WritableSpan[0] = 1;
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        file.Dispose();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
