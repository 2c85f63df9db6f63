using Adit.Media;

namespace Adit.TestKit.Simulation;

/// <summary>A medium that knows, for every line, what has persisted, what the engine sees, and what lies between. At any
/// event it gives every image that a loss of power could leave.</summary>
/// <remarks>
/// Invariants: the persisted bytes change only by a fence, which persists what was written or marked before it (as it was
/// then), and by eviction, which persists a line as it is at any moment. A line whose persisted and working bytes
/// differ is undecided; one that was stored to without a mark stays so, whatever is fenced.
/// An image is itself a simulated medium, so that power can fail again while it is recovered.
/// Not thread-safe: one thread at a time uses a medium and its images, in whatever order.
/// </remarks>
public sealed unsafe partial class SimulatedMedium : Medium
{
    public const int LineSize = 64;

    public const int LinesPerPage = SimulatedView.PageSize / LineSize;

    private readonly SimulatedMemory _memory;
    private readonly bool _ownsMemory;
    private readonly SimulatedView _working;
    private readonly SimulatedView _persisted;
    private readonly PendingStores _pending;
    private Random _random;
    private bool _tracks = true;

    public SimulatedMedium(long lengthBytes, DurabilityModel model, int seed)
        : this(new SimulatedMemory(lengthBytes), model, isImage: false, seed)
    {
    }

    private SimulatedMedium(SimulatedMemory memory, DurabilityModel model, bool isImage, int seed)
    {
        _memory = memory;
        _ownsMemory = !isImage;
        _working = memory.MapPrivate();
        _persisted = isImage ? memory.MapPrivate() : memory.MapShared();
        _pending = new PendingStores(memory.LengthBytes);
        _random = new Random(seed);
        Model = model;
        Start = _working.Start;
        LengthBytes = memory.LengthBytes;
    }

    public DurabilityModel Model { get; }

    /// <summary>Called before each event takes effect, on the thread that causes it. It may take images; it must not
    /// use the medium otherwise.</summary>
    public Action<SimulatedMedium, SimulatedEvent>? OnEvent { get; set; }

    /// <summary>Of a thousand events, how many let a line that is not yet fenced persist by itself.</summary>
    public int EvictionsPerThousand { get; set; } = 30;

    public long EventCount { get; private set; }

    public long FenceCount { get; private set; }

    public override string Name => $"[simulated, {Model}]";

    public override MediumKind Kind => MediumKind.Simulated;

    public override bool HasCheapFences => Model == DurabilityModel.CacheLine;

    /// <summary>An empty medium to load images of this one into.</summary>
    public SimulatedMedium MakeImageMedium(int seed) => new(_memory, Model, isImage: true, seed);

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        CheckInside(offsetBytes, source.Length);
        Happen(SimulatedEventKind.Write, offsetBytes, source.Length);
        source.CopyTo(_working.Bytes(offsetBytes, source.Length));
        Track(offsetBytes, source.Length);
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        CheckInside(offsetBytes, lengthBytes);
        Happen(SimulatedEventKind.Write, offsetBytes, lengthBytes);
        _working.Bytes(offsetBytes, checked((int)lengthBytes)).Clear();
        Track(offsetBytes, checked((int)lengthBytes));
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
        CheckInside(offsetBytes, lengthBytes);
        Happen(SimulatedEventKind.MarkStored, offsetBytes, lengthBytes);
        Track(offsetBytes, checked((int)lengthBytes));
    }

    public override void Fence()
    {
        Happen(SimulatedEventKind.Fence, 0, 0);
        FenceCount++;
        if (_tracks)
        {
            _pending.Persist(_persisted);
        }
    }

    /// <summary>A point between operations.</summary>
    public void Idle() => Happen(SimulatedEventKind.Idle, 0, 0);

    public override void Dispose()
    {
        _working.Dispose();
        _persisted.Dispose();
        if (_ownsMemory)
        {
            _memory.Dispose();
        }
    }

    private void Happen(SimulatedEventKind kind, long offsetBytes, long lengthBytes)
    {
        EventCount++;
        OnEvent?.Invoke(this, new SimulatedEvent(kind, EventCount, offsetBytes, lengthBytes));
        if (_tracks && EvictionsPerThousand > 0 && _random.Next(1000) < EvictionsPerThousand)
        {
            _pending.EvictOne(_random, _working, _persisted);
        }
    }

    private void Track(long offsetBytes, int lengthBytes)
    {
        if (_tracks && lengthBytes > 0)
        {
            _pending.Add(offsetBytes, _working.Bytes(offsetBytes, lengthBytes));
        }
    }

    private void CheckInside(long offsetBytes, long lengthBytes)
    {
        if ((ulong)lengthBytes > (ulong)LengthBytes || (ulong)offsetBytes > (ulong)(LengthBytes - lengthBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(offsetBytes), $"{lengthBytes} bytes at {offsetBytes} of {LengthBytes}");
        }
    }
}
