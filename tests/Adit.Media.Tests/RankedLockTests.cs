using Adit.Interop.Locking;

namespace Adit.Media.Tests;

public sealed class RankedLockTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Crowd_excludes_each_other_and_none_sleeps_on(int threads)
    {
        RankedLock exclusive = new(LockRank.Transaction);
        const int Rounds = 20_000;
        long count = 0;
        int inside = 0;
        Crowd.Run(threads, id =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                using (exclusive.Enter())
                {
                    Assert.Equal(1, ++inside);
                    count++;
                    if (round % 1000 == id)
                    {
                        // Long enough that the others stop spinning and wait.
                        Thread.Sleep(1);
                    }

                    inside--;
                }
            }
        });

        Assert.Equal((long)threads * Rounds, count);
    }

    [Fact]
    public void Held_lock_cannot_be_taken_by_trying_and_a_left_one_can()
    {
        RankedLock exclusive = new(LockRank.Transaction);
        bool whileHeld = true;
        bool afterwards = false;
        using (exclusive.Enter())
        {
            Crowd.Run([() => whileHeld = exclusive.TryEnter()]);
        }

        Crowd.Run([() =>
        {
            afterwards = exclusive.TryEnter();
            exclusive.Exit();
        }]);
        Assert.False(whileHeld);
        Assert.True(afterwards);
    }

    [Fact]
    public void Leaving_a_free_lock_is_a_broken_invariant()
    {
        RankedLock exclusive = new(LockRank.Transaction);

        Assert.ThrowsAny<Exception>(exclusive.Exit);
    }
}
