using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Testing;
using Adit.Dax.Tests.Fakes;
using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Tests;

/// <summary>Write-backs and faults that meet at one entry.</summary>
public sealed class WritebackWaitTests
{
    [Fact]
    public void Write_back_that_is_woken_for_an_entry_it_no_longer_needs_wakes_the_next()
    {
        // The first holds the entry. The second and the third want it too; when the second has had it there is nothing left for the third.
        // Behind them a fault waits.
        PointGate gate = new(DaxPoint.WritebackFenced);
        int sleepers = 0;
        Exception? failure = null;
        using MemoryMedium medium = new(1 << 20);
        FakeFile file = new FakeVolume(medium).CreateFile(PageIndex.PageBytes, new AddressSpaceOptions
        {
            OnPoint = point =>
            {
                _ = point == DaxPoint.BeforeSleep ? Interlocked.Increment(ref sleepers) : 0;
                gate.OnPoint(point);
            },
        });
        Store();
        List<Thread> threads = [Start(Sync)];
        gate.WaitUntilReached();
        foreach (Action next in (ReadOnlySpan<Action>)[Sync, Sync, Store])
        {
            int before = Volatile.Read(ref sleepers);
            threads.Add(Start(next));
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref sleepers) > before, TimeSpan.FromSeconds(10)));

            // The point is just before the queue is joined.
            Thread.Sleep(20);
        }

        gate.Open();
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(10)), "a thread sleeps for ever"));
        Assert.Null(failure);

        void Sync() => Assert.Equal(Errno.Success, file.Space.Writeback(PageRange.All));

        void Store()
        {
            Assert.Equal(Errno.Success, file.Space.Pin(0, 8, PinAccess.Write, out Pin pin));
            pin.WritableSpan[0]++;
            pin.Dispose();
        }

        Thread Start(Action work)
        {
            Thread thread = new(() => failure ??= Record.Exception(work)) { IsBackground = true };
            thread.Start();
            return thread;
        }
    }
}
