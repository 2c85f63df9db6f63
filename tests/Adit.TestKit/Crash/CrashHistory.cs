namespace Adit.TestKit.Crash;

/// <summary>The states that a crash may leave: each one between the last that is acknowledged as durable and the one that
/// the operation in flight leads to. Older ones are forgotten.</summary>
public sealed class CrashHistory<TState>(TState first)
    where TState : class
{
    private readonly List<TState> _completed = [first];

    /// <summary>The last state that a crash must not undo.</summary>
    public TState Acknowledged => _completed[0];

    /// <summary>The state after the last operation that returned.</summary>
    public TState Current => _completed[^1];

    /// <summary>Where the operation in flight leads, or null between operations.</summary>
    public TState? InFlight { get; private set; }

    /// <summary>Operations that returned and are not acknowledged.</summary>
    public int UnacknowledgedCount => _completed.Count - 1;

    /// <summary>Every state that may be found, newest first.</summary>
    public IEnumerable<TState> Candidates
    {
        get
        {
            if (InFlight is not null)
            {
                yield return InFlight;
            }

            for (int i = _completed.Count - 1; i >= 0; i--)
            {
                yield return _completed[i];
            }
        }
    }

    /// <summary>The same in the order in which they came.</summary>
    public IEnumerable<TState> OldestFirst
    {
        get
        {
            foreach (TState state in _completed)
            {
                yield return state;
            }

            if (InFlight is not null)
            {
                yield return InFlight;
            }
        }
    }

    public void Begin(TState next) => InFlight = next;

    /// <summary>The operation in flight changed nothing.</summary>
    public void Cancel() => InFlight = null;

    /// <summary>The operation in flight returned.</summary>
    public void Complete()
    {
        _completed.Add(InFlight ?? throw new InvalidOperationException("no operation is in flight"));
        InFlight = null;
    }

    /// <summary>Everything that returned is durable.</summary>
    public void Acknowledge() => AcknowledgeUpTo(Current);

    /// <summary>Everything up to this state is durable. Without effect when it was already.</summary>
    public void AcknowledgeUpTo(TState state)
    {
        int index = _completed.FindLastIndex(candidate => ReferenceEquals(candidate, state));
        if (index > 0)
        {
            _completed.RemoveRange(0, index);
        }
    }
}
