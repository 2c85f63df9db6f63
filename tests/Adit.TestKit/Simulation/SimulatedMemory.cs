using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.TestKit.Simulation;

/// <summary>The bytes that a simulated medium and its images have in common, in memory that views share until they
/// write. So an image of a whole medium costs what differs, not what is there.</summary>
internal sealed class SimulatedMemory : IDisposable
{
    private readonly FileDescriptor _memory;
    private readonly FileDescriptor _pageMap;

    public SimulatedMemory(long lengthBytes)
    {
        LengthBytes = lengthBytes;
        _memory = Libc.memfd_create("adit-simulated-medium", Libc.MFD_CLOEXEC);
        Require(_memory.IsInvalid ? Libc.LastError : Errno.Success, "memfd_create");
        Require(Libc.Outcome(Libc.ftruncate(_memory, lengthBytes)), "ftruncate");
        _pageMap = Libc.open("/proc/self/pagemap", OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        Require(_pageMap.IsInvalid ? Libc.LastError : Errno.Success, "open of /proc/self/pagemap");
    }

    public long LengthBytes { get; }

    /// <summary>A view whose stores change the common bytes.</summary>
    public SimulatedView MapShared() => new(Map(Libc.MAP_SHARED), _pageMap, isShared: true);

    /// <summary>A view that sees the common bytes in every page it has not stored to itself.</summary>
    public SimulatedView MapPrivate() => new(Map(Libc.MAP_PRIVATE), _pageMap, isShared: false);

    public void Dispose()
    {
        _memory.Dispose();
        _pageMap.Dispose();
    }

    private MemoryMapping Map(int flags)
    {
        Errno outcome = MemoryMapping.TryMap(
            _memory.DangerousNumber, LengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, flags | Libc.MAP_NORESERVE, out MemoryMapping? mapping);
        Require(outcome, "mmap");
        return mapping!;
    }

    private static void Require(Errno outcome, string call)
    {
        if (outcome != Errno.Success)
        {
            throw new IOException($"simulated medium: {call} failed: {outcome}");
        }
    }
}

/// <summary>One mapping of a <see cref="SimulatedMemory"/>.</summary>
internal sealed unsafe class SimulatedView : IDisposable
{
    public const int PageSize = 4096;

    private const ulong PresentOrSwapped = 3UL << 62;
    private const ulong OfFile = 1UL << 61;

    private readonly MemoryMapping _mapping;
    private readonly FileDescriptor _pageMap;
    private readonly ulong[] _entries;

    public SimulatedView(MemoryMapping mapping, FileDescriptor pageMap, bool isShared)
    {
        _mapping = mapping;
        _pageMap = pageMap;
        IsShared = isShared;
        _entries = new ulong[mapping.LengthBytes / PageSize];
    }

    public byte* Start => _mapping.Start;

    public bool IsShared { get; }

    /// <summary>The pages that this view has stored to since it was made or dropped, in order. A shared view has none.</summary>
    public void CollectOwnPages(List<int> pages)
    {
        pages.Clear();
        if (IsShared)
        {
            return;
        }

        fixed (ulong* entries = _entries)
        {
            nint wanted = _entries.Length * sizeof(ulong);
            if (Libc.pread(_pageMap, entries, (nuint)wanted, (long)((nuint)Start / PageSize * sizeof(ulong))) != wanted)
            {
                throw new IOException($"simulated medium: cannot read /proc/self/pagemap: {Libc.LastError}");
            }
        }

        for (int page = 0; page < _entries.Length; page++)
        {
            if ((_entries[page] & PresentOrSwapped) != 0 && (_entries[page] & OfFile) == 0)
            {
                pages.Add(page);
            }
        }
    }

    /// <summary>Forgets this view's own pages: it shows the common bytes again.</summary>
    public void Drop() => Drop(Start, _mapping.LengthBytes);

    /// <summary>Forgets one of this view's own pages.</summary>
    public void Drop(int page) => Drop(Start + ((long)page * PageSize), PageSize);

    private static void Drop(byte* start, long lengthBytes)
    {
        Errno outcome = Libc.Outcome(Libc.madvise(start, (nuint)lengthBytes, Libc.MADV_DONTNEED));
        if (outcome != Errno.Success)
        {
            throw new IOException($"simulated medium: madvise failed: {outcome}");
        }
    }

    public Span<byte> Bytes(long offsetBytes, int lengthBytes) => new(Start + offsetBytes, lengthBytes);

    public void Dispose() => _mapping.Dispose();
}
