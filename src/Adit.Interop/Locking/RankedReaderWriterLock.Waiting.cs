namespace Adit.Interop.Locking;

/// <content>
/// Waiting. One monitor, the gate, for all three kinds of waiter: readers for a writer, writers for each other, and the
/// writer inside for the readers inside. No wake-up is lost because
/// <list type="bullet">
/// <item>who waits for a writer has, under the gate, turned Held into HeldWithWaiters: that writer must take the gate to
/// leave, and pulses;</item>
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
    private int _waitingWriters;
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
            while (true)
            {
                if (IsOpenToReaders(Volatile.Read(ref _state)))
                {
                    if (Announce(ref count))
                    {
                        return;
                    }
                }
                else if (AskToBeWoken())
                {
                    break;
                }
            }

            _waitingReaders++;
            uint turn = _turn;
            while (_turn == turn)
            {
                Monitor.Wait(Gate);
            }

            // It is the readers' turn until the last of them has counted up.
            Interlocked.Increment(ref count);
            if (--_admittedReaders == 0)
            {
                Interlocked.Exchange(ref _state, Free);
                if (_waitingWriters != 0)
                {
                    Monitor.PulseAll(Gate);
                }
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
            while (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
            {
                if (Volatile.Read(ref _state) == ReadersTurn || AskToBeWoken())
                {
                    _waitingWriters++;
                    Monitor.Wait(Gate);
                    _waitingWriters--;
                }
            }
        }

        LockChecker.EndWait();
    }

    /// <summary>Under the gate: makes sure that the writer inside wakes the waiters when it leaves.</summary>
    /// <returns>False if there is none (any more).</returns>
    private bool AskToBeWoken() =>
        Interlocked.CompareExchange(ref _state, HeldWithWaiters, Held) is Held or HeldWithWaiters;

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
        if (Interlocked.CompareExchange(ref _state, Free, Held) == Held)
        {
            return;
        }

        lock (Gate)
        {
            if (_waitingReaders != 0)
            {
                _admittedReaders = _waitingReaders;
                _waitingReaders = 0;
                _turn++;
                Interlocked.Exchange(ref _state, ReadersTurn);
            }
            else
            {
                Interlocked.Exchange(ref _state, Free);
            }

            Monitor.PulseAll(Gate);
        }
    }
}
