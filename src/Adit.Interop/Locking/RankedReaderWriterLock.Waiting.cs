namespace Adit.Interop.Locking;

/// <content>
/// Waiting. One monitor, the gate, for all three kinds of waiter: readers for a writer, writers for each other, and the
/// writer inside for the readers inside. No wake-up is lost because
/// <list type="bullet">
/// <item>who sleeps until a writer leaves has, under the gate, counted itself among the <see cref="Sleepers"/> before it looked at the state
/// again: either it finds the lock open, or the writer finds it, takes the gate to leave, and pulses;</item>
/// <item>the writer that waits for readers has, under the gate, set <see cref="_isDraining"/> (a full fence) before it
/// looked at the counts; a reader counts down (a full fence) before it looks at <see cref="_isDraining"/>; so either the
/// writer sees the reader gone or the reader sees the writer waiting, takes the gate, and pulses;</item>
/// <item>everything else changes under the gate and pulses all.</item>
/// </list>
/// </content>
public sealed partial class RankedReaderWriterLock
{
    private const int SpinCount = 30;

    private object? _waiters;
    private int _isDraining;

    // Guarded by the gate.
    private int _waitingReaders;
    private int _admittedReaders;
    private uint _turn;

    /// <summary>The monitor, made when somebody has to wait for the first time: most inodes never see two users at once.</summary>
    private object Gate => Volatile.Read(ref _waiters) ?? MakeGate();

    private object MakeGate()
    {
        object made = new();
        return Interlocked.CompareExchange(ref _waiters, made, null) ?? made;
    }

    private static bool IsOpenToReaders(int state) => state is Free or ReadersTurn;

    /// <summary>Counts up; counts down again if there is a writer.</summary>
    private bool Announce(ref int count)
    {
        Interlocked.Increment(ref count);
        if (IsOpenToReaders(Volatile.Read(ref _state)))
        {
            return true;
        }

        StepBack(ref count);
        return false;
    }

    private void StepBack(ref int count)
    {
        Interlocked.Decrement(ref count);
        if (Volatile.Read(ref _isDraining) != 0)
        {
            lock (Gate)
            {
                Monitor.PulseAll(Gate);
            }
        }
    }

    /// <summary>After counting up and finding that not all is free.</summary>
    private void EnterSharedSlowly(ref int count)
    {
        if (IsOpenToReaders(Volatile.Read(ref _state)))
        {
            return;
        }

        StepBack(ref count);
        SpinWait spin = default;
        for (int i = 0; i < SpinCount; i++)
        {
            if (IsOpenToReaders(Volatile.Read(ref _state)) && Announce(ref count))
            {
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }

        LockChecker.BeginWait(this, isShared: true);
        EnterSharedThroughGate(ref count);
        LockChecker.EndWait();
    }

    private void EnterSharedThroughGate(ref int count)
    {
        lock (Gate)
        {
            _sleepers.Add();
            _waitingReaders++;
            uint turn = _turn;
            while (_turn == turn)
            {
                if (IsOpenToReaders(Volatile.Read(ref _state)) && Announce(ref count))
                {
                    _waitingReaders--;
                    _sleepers.Remove();
                    return;
                }

                Monitor.Wait(Gate);
            }

            // It is the readers' turn until the last of them has counted up.
            _sleepers.Remove();
            Interlocked.Increment(ref count);
            if (--_admittedReaders == 0)
            {
                Interlocked.Exchange(ref _state, Free);
                Monitor.PulseAll(Gate);
            }
        }
    }

    /// <summary>Becomes the one writer, with readers perhaps still inside.</summary>
    private void ClaimSlowly()
    {
        SpinWait spin = default;
        for (int i = 0; i < SpinCount; i++)
        {
            if (Volatile.Read(ref _state) == Free && Interlocked.CompareExchange(ref _state, Held, Free) == Free)
            {
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }

        LockChecker.BeginWait(this, isShared: false);
        lock (Gate)
        {
            _sleepers.Add();
            while (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
            {
                Monitor.Wait(Gate);
            }

            _sleepers.Remove();
        }

        LockChecker.EndWait();
    }

    private void WaitForReaders()
    {
        SpinWait spin = default;
        for (int i = 0; i < SpinCount; i++)
        {
            if (AllReadersLeft())
            {
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }

        try
        {
            LockChecker.BeginWait(this, isShared: false);
        }
        catch (LockOrderException)
        {
            Unclaim();
            throw;
        }

        lock (Gate)
        {
            Interlocked.Exchange(ref _isDraining, 1);
            while (!AllReadersLeft())
            {
                Monitor.Wait(Gate);
            }

            Volatile.Write(ref _isDraining, 0);
        }

        LockChecker.EndWait();
    }

    private void Unclaim()
    {
        if (_sleepers.Any)
        {
            HandOver(isLeft: false);
            return;
        }

        Volatile.Write(ref _state, Free);
        if (_sleepers.Any)
        {
            HandOver(isLeft: true);
        }
    }

    /// <summary>Gives the lock to the readers that sleep, or to whoever comes first.</summary>
    /// <param name="isLeft">It is left already: another writer may have come, who then comes here too.</param>
    private void HandOver(bool isLeft)
    {
        lock (Gate)
        {
            if (_waitingReaders == 0)
            {
                if (!isLeft)
                {
                    Volatile.Write(ref _state, Free);
                }
            }
            else if (!isLeft || Interlocked.CompareExchange(ref _state, ReadersTurn, Free) == Free)
            {
                _admittedReaders = _waitingReaders;
                _waitingReaders = 0;
                _turn++;
                Interlocked.Exchange(ref _state, ReadersTurn);
            }

            Monitor.PulseAll(Gate);
        }
    }
}
