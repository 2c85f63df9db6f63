using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media.Persistence;

namespace Adit.Media;

/// <summary>Persistent memory: a file of a DAX file system mapped with MAP_SYNC, or a device-DAX character device.
/// Stores become durable by cache-line write-back or by going past the cache, then a store fence. Emulated, the same
/// instructions run over memory that forgets (a file on tmpfs), for development and benchmarks.</summary>
/// <remarks>Thread-safe. A fence covers what the calling thread wrote and marked. Nothing here can fail after opening.</remarks>
public sealed unsafe class PmemMedium : Medium
{
    private readonly FileDescriptor _file;
    private readonly MemoryMapping _mapping;
    private readonly HostRoom? _room;
    private readonly bool _cachesAreDurable;
    private readonly int _mapFlags;

    /// <param name="file">Open for reading and writing, and owned. Taken over.</param>
    /// <param name="path">Its path.</param>
    /// <param name="lengthBytes">How much of it to map; a multiple of 4 KiB, not beyond its end.</param>
    /// <param name="kind">Pmem or PmemEmulated.</param>
    /// <param name="deviceUnitBytes">Of a device-DAX character device, all of which is there from the start; else 0.</param>
    internal PmemMedium(FileDescriptor file, string path, long lengthBytes, MediumKind kind, int deviceUnitBytes)
    {
        bool isDevice = deviceUnitBytes != 0;
        MapUnitBytes = Math.Max(deviceUnitBytes, Environment.SystemPageSize);
        Name = path;
        Kind = kind;
        _file = file;
        bool isEmulated = kind == MediumKind.PmemEmulated;
        _cachesAreDurable = isEmulated ? !CacheLines.CanWriteBack : PersistenceDomain.IncludesCaches;
        if (!_cachesAreDurable && !CacheLines.CanWriteBack)
        {
            throw new MediumException(Errno.ENOTSUP, $"{path}: this machine needs libpmem to make stores durable. Install it: apt-get install libpmem1");
        }

        // A device, and emulation, have no metadata that a store could depend on: MAP_SYNC is for files alone.
        _mapFlags = isDevice || isEmulated ? Libc.MAP_SHARED : Libc.MAP_SHARED_VALIDATE | Libc.MAP_SYNC;
        _mapping = Map(path, file, lengthBytes, _mapFlags);
        Start = _mapping.Start;
        LengthBytes = lengthBytes;
        if (!isDevice)
        {
            // Mapping a fresh 2 MiB at once is many times cheaper than a fault for each of its pages.
            _room = new HostRoom(file, lengthBytes)
            {
                OnReserved = (offset, length) => _ = Libc.madvise(Start + offset, (nuint)length, Libc.MADV_POPULATE_WRITE),
            };
        }
    }

    public override string Name { get; }

    public override MediumKind Kind { get; }

    public override bool HasCheapFences => true;

    public override bool IsVolatile => Kind == MediumKind.PmemEmulated;

    public override string? MapRangeRefusal => null;

    public override int MapUnitBytes { get; }

    /// <inheritdoc/>
    /// <remarks>A device-DAX device takes ranges of its own unit only, 2 MiB as a rule, and none that is private: EINVAL.</remarks>
    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access)
    {
        CheckRange(offsetBytes, lengthBytes);
        return MediumMapping.MapRange(_file.DangerousNumber, address, offsetBytes, lengthBytes, access, _mapFlags);
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        CheckRange(offsetBytes, source.Length);
        ref readonly byte from = ref MemoryMarshal.GetReference(source);
        if (_cachesAreDurable)
        {
            StreamingStores.Copy<PersistInCache>(Start + offsetBytes, in from, (nuint)source.Length);
        }
        else
        {
            StreamingStores.Copy<PersistByLine>(Start + offsetBytes, in from, (nuint)source.Length);
        }
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        if (_cachesAreDurable)
        {
            StreamingStores.Zero<PersistInCache>(Start + offsetBytes, (nuint)lengthBytes);
        }
        else
        {
            StreamingStores.Zero<PersistByLine>(Start + offsetBytes, (nuint)lengthBytes);
        }
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        if (!_cachesAreDurable && lengthBytes != 0)
        {
            CacheLines.WriteBack(Start + offsetBytes, (nuint)lengthBytes);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Also with durable caches: stores that went past the cache are still in the processor's buffers.</remarks>
    public override void Fence()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            // What libpmem does on other processors: a barrier that orders the write-backs before what follows.
            Interlocked.MemoryBarrier();
        }
    }

    public override Errno Reserve(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        return _room?.Reserve(offsetBytes, lengthBytes) ?? Errno.Success;
    }

    public override void Discard(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        _room?.Discard(offsetBytes, lengthBytes);
    }

    public override void Dispose()
    {
        _mapping.Dispose();
        _file.Dispose();
    }

    private static MemoryMapping Map(string path, FileDescriptor file, long lengthBytes, int flags)
    {
        try
        {
            return MediumMapping.Map(path, file.DangerousNumber, lengthBytes, flags, hugePages: true);
        }
        catch (MediumException refusal) when (refusal.Errno == Errno.ENOTSUP)
        {
            throw new MediumException(
                Errno.ENOTSUP,
                $"{path} is not in persistent memory: its file system refuses MAP_SYNC. Put it on one mounted with dax, " +
                "or use another medium: --medium file, or --medium pmem-emulated for a trial.",
                refusal);
        }
    }
}
