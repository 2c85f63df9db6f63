using Adit.Interop;
using Adit.Media;

namespace Adit.TestKit.Simulation;

/// <summary>Another medium, of which chosen calls fail: exactly the n-th, with a given error.</summary>
/// <remarks>A call that fails does nothing below. A failed write, mark or fence poisons the medium as it does a real
/// one: every later write, mark and fence fails with the same error; reads go on. A failed reservation is an answer, and
/// the next one is asked again. Thread-safe. Disposes the other medium with itself.</remarks>
public sealed unsafe class FaultingMedium : Medium
{
    private readonly Medium _inner;
    private readonly Counter[] _calls = [new(), new(), new(), new()];
    private volatile MediumException? _failure;

    public FaultingMedium(Medium inner)
    {
        _inner = inner;
        Start = inner.Start;
        LengthBytes = inner.LengthBytes;
    }

    /// <summary>How many of the planned failures have happened. A test in which none did has tested nothing.</summary>
    public int FailureCount => _calls.Sum(call => call.Failures);

    public override string Name => _inner.Name;

    public override MediumKind Kind => _inner.Kind;

    public override bool IsReadOnly => _inner.IsReadOnly;

    public override bool HasCheapFences => _inner.HasCheapFences;

    public override bool IsVolatile => _inner.IsVolatile;

    public override string? MapRangeRefusal => _inner.MapRangeRefusal;

    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access) =>
        _inner.MapRange(address, offsetBytes, lengthBytes, access);

    /// <summary>How many calls of a kind there were, failed ones included.</summary>
    public long CountOf(MediumCall call) => Interlocked.Read(ref _calls[(int)call].Count);

    /// <summary>Makes one call fail.</summary>
    /// <param name="call">Which kind.</param>
    /// <param name="number">Counted from the next one, which is 1.</param>
    /// <param name="errno">The error.</param>
    public void FailAt(MediumCall call, long number, Errno errno)
    {
        Counter counter = _calls[(int)call];
        counter.Errno = errno;
        Interlocked.Exchange(ref counter.FailsAt, Interlocked.Read(ref counter.Count) + number);
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        ThrowIfPlanned(MediumCall.Write);
        _inner.Write(offsetBytes, source);
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        ThrowIfPlanned(MediumCall.Write);
        _inner.WriteZeros(offsetBytes, lengthBytes);
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
        ThrowIfPlanned(MediumCall.MarkStored);
        _inner.MarkStored(offsetBytes, lengthBytes);
    }

    public override void Fence()
    {
        ThrowIfPlanned(MediumCall.Fence);
        _inner.Fence();
    }

    public override Errno Reserve(long offsetBytes, long lengthBytes) =>
        _calls[(int)MediumCall.Reserve].Next() is var planned and not Errno.Success ? planned : _inner.Reserve(offsetBytes, lengthBytes);

    public override void Discard(long offsetBytes, long lengthBytes) => _inner.Discard(offsetBytes, lengthBytes);

    public override void Dispose() => _inner.Dispose();

    private void ThrowIfPlanned(MediumCall call)
    {
        Errno planned = _calls[(int)call].Next();
        if (planned != Errno.Success)
        {
            _failure ??= new MediumException(planned, $"{Name}: {call} fails as planned: {planned.Message()}.");
        }

        if (_failure is { } cause)
        {
            throw new MediumException(cause.Errno, cause.Message, cause);
        }
    }

    private sealed class Counter
    {
        public long Count;
        public long FailsAt = -1;
        public int Failures;
        public Errno Errno;

        /// <summary>Counts a call.</summary>
        /// <returns>The error it is to fail with.</returns>
        public Errno Next()
        {
            if (Interlocked.Increment(ref Count) != Interlocked.Read(ref FailsAt))
            {
                return Errno.Success;
            }

            Interlocked.Increment(ref Failures);
            return Errno;
        }
    }
}
