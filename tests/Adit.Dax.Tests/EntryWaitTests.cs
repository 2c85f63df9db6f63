using Adit.Dax.Entries;

namespace Adit.Dax.Tests;

/// <summary>The queues at entries, which many entries share.</summary>
public sealed class EntryWaitTests
{
    private const ulong Busy = PageEntry.Accessible | ((ulong)EntryKind.Page << 26) | PageEntry.Locked | PageEntry.PinUnit;

    [Fact]
    public void Waiters_are_woken_at_their_own_entry_and_for_what_they_wait_for()
    {
        // More than there are queues.
        const int TreeCount = 3000;
        int signals = 0;
        List<(EntryRef Entry, Waiter Lock, Waiter[] Pins)> all = [];
        for (int i = 0; i < TreeCount; i++)
        {
            EntryTree tree = new((ulong)i + 1);
            foreach (long page in (long[])[7, 8])
            {
                Assert.True(tree.TryInsert(page, EntrySize.Page, new PageEntry(Busy), false, out EntryRef entry));
                all.Add((entry, new Waiter(() => signals++), [new Waiter(() => signals++), new Waiter(() => signals++)]));
                Assert.All(all[^1].Pins, waiter => Assert.True(EntryWaits.TryJoin(entry, EntryWait.Pins, waiter)));
                Assert.True(EntryWaits.TryJoin(entry, EntryWait.Lock, all[^1].Lock));
                Assert.Equal(Busy | PageEntry.Awaited | PageEntry.Contended, entry.Read().Bits);
            }
        }

        new Random(3).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all));
        int expected = 0;
        foreach ((EntryRef entry, Waiter forLock, Waiter[] forPins) in all)
        {
            _ = entry.Change(0, PageEntry.Locked);
            EntryWaits.WakeOne(entry);
            Assert.True(forLock.IsSignalled);
            Assert.Equal(++expected, signals);
            Assert.False(entry.Read().Has(PageEntry.Contended));
            Assert.False(EntryWaits.TryJoin(entry, EntryWait.Lock, forLock));

            _ = entry.Change(0, PageEntry.PinMask | PageEntry.Awaited);
            EntryWaits.WakeForPins(entry);
            Assert.All(forPins, waiter => Assert.True(waiter.IsSignalled));
            expected += forPins.Length;
            Assert.Equal(expected, signals);
            Assert.False(EntryWaits.TryJoin(entry, EntryWait.Pins, forPins[0]));
        }
    }

    private sealed class Waiter(Action signalled) : EntryWaiter
    {
        public bool IsSignalled { get; private set; }

        public override void Signal()
        {
            IsSignalled = true;
            signalled();
        }
    }
}
