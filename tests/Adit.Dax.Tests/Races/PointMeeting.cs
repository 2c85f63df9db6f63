using System.Diagnostics;
using Adit.Dax.Testing;

namespace Adit.Dax.Tests.Races;

/// <summary>Threads that stop at named points until all of them are there, so that what comes next comes at the same moment.</summary>
/// <remarks>Each thread has a role; a role stops once, at its point. Points at which locks are held cannot always be reached by all:
/// whoever is alone for too long goes on, and the meeting does not count.</remarks>
internal sealed class PointMeeting(params DaxPoint?[] points)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    [ThreadStatic]
    private static int _role;

    private const int Waiting = 0;
    private const int Met = 1;
    private const int GivenUp = 2;

    private readonly bool[] _hasCome = new bool[points.Length];
    private int _arrived;
    private int _outcome;

    /// <summary>All were there at once: nobody had gone on before the last one came.</summary>
    public bool HasMet => Volatile.Read(ref _outcome) == Met;

    /// <summary>The calling thread has a role from now on; one without a point is there at once.</summary>
    public void Join(int role)
    {
        _role = role + 1;
        if (points[role] is null)
        {
            Arrive(role);
        }
    }

    public void Leave() => _role = 0;

    public void OnPoint(DaxPoint reached)
    {
        int role = _role - 1;
        if (role >= 0 && points[role] == reached && !_hasCome[role])
        {
            Arrive(role);
        }
    }

    private void Arrive(int role)
    {
        _hasCome[role] = true;
        if (Interlocked.Increment(ref _arrived) == points.Length)
        {
            Interlocked.CompareExchange(ref _outcome, Met, Waiting);
        }

        long started = Stopwatch.GetTimestamp();
        SpinWait spinner = default;
        while (Volatile.Read(ref _outcome) == Waiting)
        {
            spinner.SpinOnce(sleep1Threshold: 50);
            if (Stopwatch.GetElapsedTime(started) >= Patience)
            {
                Interlocked.CompareExchange(ref _outcome, GivenUp, Waiting);
            }
        }
    }
}
