using Adit.Interop.Locking;

namespace Adit.Media.Tests;

/// <summary>In checked builds each broken rule is found; in other builds the same code runs unchecked.</summary>
public sealed class LockCheckerTests
{
    private const string DebugOnly = "the lock checker is off in this build";

    [CheckedFact]
    public void Lower_rank_after_higher_is_refused_with_both_named()
    {
        RankedLock log = new(LockRank.Log);
        RankedLock inode = new(LockRank.Inode, 5);
        using (log.Enter())
        {
            LockOrderException broken = Assert.Throws<LockOrderException>(() => inode.Enter());
            Assert.Contains("Inode lock 5 (rank 20)", broken.Message);
            Assert.Contains("Log lock 0 (rank 80)", broken.Message);
        }

        // The refused lock was not taken, and the order is right this way round.
        using (inode.Enter())
        using (log.Enter())
        {
        }
    }

    [CheckedFact]
    public void Same_rank_goes_by_number()
    {
        RankedLock low = new(LockRank.Inode, 1);
        RankedLock high = new(LockRank.Inode, 2);
        RankedLock twin = new(LockRank.Inode, 2);
        using (low.Enter())
        using (high.Enter())
        {
            Assert.Throws<LockOrderException>(() => twin.Enter());
        }

        using (high.Enter())
        {
            Assert.Throws<LockOrderException>(() => low.Enter());
        }
    }

    [CheckedFact]
    public void Order_holds_among_both_types_of_lock()
    {
        RankedReaderWriterLock tree = new(LockRank.Tree);
        RankedLock transaction = new(LockRank.Transaction);
        tree.EnterShared();
        Assert.Throws<LockOrderException>(() => transaction.Enter());
        tree.ExitShared();
        tree.EnterExclusive();
        Assert.Throws<LockOrderException>(() => transaction.Enter());
        tree.ExitExclusive();
        using (transaction.Enter())
        {
            tree.EnterShared();
            tree.ExitShared();
        }
    }

    [CheckedFact]
    public void Every_kind_of_recursion_is_refused()
    {
        RankedLock plain = new(LockRank.Tree);
        using (plain.Enter())
        {
            Assert.Throws<LockOrderException>(() => plain.Enter());
            Assert.Throws<LockOrderException>(() => plain.TryEnter());
        }

        RankedReaderWriterLock shared = new(LockRank.Tree);
        shared.EnterShared();
        Assert.Throws<LockOrderException>(shared.EnterShared);
        Assert.Throws<LockOrderException>(shared.EnterExclusive);
        Assert.Throws<LockOrderException>(() => shared.TryEnterShared());
        Assert.Throws<LockOrderException>(() => shared.TryEnterExclusive());
        shared.ExitShared();
        shared.EnterExclusive();
        Assert.Throws<LockOrderException>(shared.EnterShared);
        Assert.Throws<LockOrderException>(shared.EnterExclusive);
        shared.ExitExclusive();
        Assert.Throws<LockOrderException>(shared.ExitExclusive);
        Assert.Throws<LockOrderException>(shared.ExitShared);
    }

    [CheckedFact]
    public void Trying_out_of_order_is_allowed_and_still_counts_as_held()
    {
        RankedLock log = new(LockRank.Log);
        RankedLock inode = new(LockRank.Inode);
        RankedLock space = new(LockRank.Space);
        using (log.Enter())
        {
            Assert.True(inode.TryEnter());
            Assert.Throws<LockOrderException>(() => space.Enter());
            inode.Exit();
        }
    }

    [CheckedFact]
    public void Locks_may_be_left_in_any_order()
    {
        RankedLock[] locks = [.. Enumerable.Range(0, 40).Select(i => new RankedLock(LockRank.Inode, (ulong)i))];
        Array.ForEach(locks, taken => taken.Enter());
        Random random = new(1);
        random.Shuffle(locks);
        Array.ForEach(locks, left => left.Exit());
        using (new RankedLock(LockRank.Freeze).Enter())
        {
        }
    }

    /// <summary>One thread waits for a lock, while it holds a pin; the lock's holder then waits for the pin.</summary>
    [CheckedFact]
    public void Cycle_of_waits_is_found_by_the_last_to_wait()
    {
        RankedReaderWriterLock mapping = new(LockRank.Mapping, 7);
        object pin = "the pin";
        using ManualResetEventSlim pinned = new();
        Exception? other = null;
        mapping.EnterExclusive();
        Thread holder = new(() => other = Record.Exception(() =>
        {
            LockChecker.Hold(pin);
            pinned.Set();
            mapping.EnterShared();
            mapping.ExitShared();
            LockChecker.Release(pin);
        }));
        holder.Start();
        Assert.True(pinned.Wait(10_000));

        // Until the other thread blocks there is no cycle, so none may be reported. It may begin to block while this one says that it
        // waits: then it is the last, and finds the cycle.
        LockOrderException? deadlock = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                if (Volatile.Read(ref other) is not null)
                {
                    return true;
                }

                try
                {
                    LockChecker.BeginWait(pin);
                    LockChecker.EndWait();
                    return false;
                }
                catch (LockOrderException found)
                {
                    deadlock = found;
                    return true;
                }
            },
            10_000));
        mapping.ExitExclusive();
        Assert.True(holder.Join(10_000));
        if (deadlock is not null)
        {
            Assert.Contains("the pin", deadlock.Message);
            Assert.Null(other);
        }

        Assert.Contains("Mapping lock 7 (rank 30)", (deadlock ?? Assert.IsType<LockOrderException>(other)).Message);
        LockChecker.BeginWait(pin);
        LockChecker.EndWait();
    }

    [CheckedFact]
    public void Writer_that_would_wait_for_its_own_reader_gives_its_claim_back()
    {
        RankedReaderWriterLock mapping = new(LockRank.Mapping);
        object pin = "the pin";
        using ManualResetEventSlim reading = new();
        Exception? other = null;
        LockChecker.Hold(pin);
        Thread reader = new(() => other = Record.Exception(() =>
        {
            mapping.EnterShared();
            reading.Set();
            LockChecker.BeginWait(pin);
            Thread.Sleep(100);
            LockChecker.EndWait();
            mapping.ExitShared();
        }));
        reader.Start();
        Assert.True(reading.Wait(10_000));
        Assert.True(SpinWait.SpinUntil(() => Record.Exception(() =>
        {
            LockChecker.BeginWait(mapping);
            LockChecker.EndWait();
        }) is LockOrderException, 10_000));
        Assert.Throws<LockOrderException>(mapping.EnterExclusive);
        Assert.True(reader.Join(10_000));
        Assert.Null(other);
        LockChecker.Release(pin);
        Assert.True(mapping.TryEnterExclusive());
        mapping.ExitExclusive();
    }

    [Fact]
    public void Checker_is_on_in_debug_builds_and_only_there_unless_asked_for()
    {
#if DEBUG || ADIT_VALIDATE
        Assert.True(LockChecker.IsOn);
#else
        Assert.False(LockChecker.IsOn);
#endif
    }

    /// <summary>A test of the checker: skipped, and reported so, in builds without it.</summary>
    private sealed class CheckedFactAttribute : FactAttribute
    {
        public CheckedFactAttribute()
        {
            if (!LockChecker.IsOn)
            {
                Skip = DebugOnly;
            }
        }
    }
}
