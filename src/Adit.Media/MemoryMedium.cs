using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Anonymous memory: forgotten when disposed. For tests, scratch volumes and sharing between processes.</summary>
/// <remarks>Thread-safe. Durable means nothing here: a fence does nothing.</remarks>
public sealed unsafe class MemoryMedium : Medium
{
    private readonly MemoryMapping _mapping;
    private readonly FileDescriptor? _memory;

    /// <summary>Memory of this process alone.</summary>
    /// <param name="lengthBytes">A multiple of 4 KiB.</param>
    /// <exception cref="MediumException">No memory.</exception>
    public MemoryMedium(long lengthBytes)
        : this(lengthBytes, null)
    {
    }

    private MemoryMedium(long lengthBytes, FileDescriptor? memory)
    {
        int flags = memory is null ? Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE : Libc.MAP_SHARED;
        _memory = memory;
        _mapping = MediumMapping.Map(Name, memory?.DangerousNumber ?? -1, lengthBytes, flags, hugePages: true);
        Start = _mapping.Start;
        LengthBytes = lengthBytes;
    }

    public override string Name => "[memory]";

    public override MediumKind Kind => MediumKind.Memory;

    public override bool HasCheapFences => true;

    public override bool IsVolatile => true;

    /// <summary>The memory as a file, or null where it is this process's alone.</summary>
    public FileDescriptor? SharedMemory => _memory;

    /// <summary>Memory that can be mapped again: by views, and by other processes through <see cref="SharedMemory"/>.</summary>
    /// <exception cref="MediumException">No memory.</exception>
    public static MemoryMedium CreateShared(long lengthBytes)
    {
        FileDescriptor memory = Libc.memfd_create("adit", Libc.MFD_CLOEXEC);
        Errno outcome = memory.IsInvalid ? Libc.LastError : Libc.Outcome(Libc.ftruncate(memory, lengthBytes));
        if (outcome != Errno.Success)
        {
            memory.Dispose();
            throw new MediumException(outcome, $"[memory]: cannot take {lengthBytes} bytes: {outcome.Message()}.");
        }

        try
        {
            return new MemoryMedium(lengthBytes, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    public override string? MapRangeRefusal => _memory is null ? base.MapRangeRefusal : null;

    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access)
    {
        CheckRange(offsetBytes, lengthBytes);
        return _memory is null
            ? Errno.ENOTSUP
            : MediumMapping.MapRange(_memory.DangerousNumber, address, offsetBytes, lengthBytes, access, Libc.MAP_SHARED);
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source) => source.CopyTo(Destination(offsetBytes, source.Length));

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        NativeMemory.Clear(Start + offsetBytes, (nuint)lengthBytes);
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
    }

    public override void Fence()
    {
    }

    public override void Discard(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        long mask = Environment.SystemPageSize - 1;
        long from = (offsetBytes + mask) & ~mask;
        long to = (offsetBytes + lengthBytes) & ~mask;
        if (to > from)
        {
            // Memory that the host does not take back stays in use: nothing is lost.
            _ = Libc.madvise(Start + from, (nuint)(to - from), _memory is null ? Libc.MADV_DONTNEED : Libc.MADV_REMOVE);
        }
    }

    public override void Dispose()
    {
        _mapping.Dispose();
        _memory?.Dispose();
    }
}
