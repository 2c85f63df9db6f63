using System.Collections;
using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>A private view of a volume that is not changed: stores go to copies of the pages, so that recovery can
/// run, and are forgotten when the medium is disposed.</summary>
/// <remarks>The kernel copies pages when they are stored to, but not those of a device-DAX device: there <see cref="Reserve"/> puts a copy in
/// the place of what is about to be stored to.</remarks>
internal sealed unsafe class ReadOnlyMedium : Medium
{
    private readonly FileDescriptor _file;
    private readonly MemoryMapping _mapping;
    private readonly int _unitBytes;

    /// <summary>The units of a device that are copies by now; null for a file. Guards itself.</summary>
    private readonly BitArray? _copies;

    /// <param name="file">Open for reading, and owned with other readers. Taken over.</param>
    /// <param name="path">Its path.</param>
    /// <param name="lengthBytes">How much of it to map; a multiple of 4 KiB, not beyond its end.</param>
    /// <param name="kind">What lies below.</param>
    /// <param name="deviceUnitBytes">Of a device-DAX device: what its mappings are made of; else 0.</param>
    public ReadOnlyMedium(FileDescriptor file, string path, long lengthBytes, MediumKind kind, int deviceUnitBytes)
    {
        Name = path;
        Kind = kind;
        _file = file;
        _unitBytes = deviceUnitBytes;
        bool hugePages = kind != MediumKind.File;
        if (deviceUnitBytes == 0)
        {
            _mapping = MediumMapping.Map(path, file.DangerousNumber, lengthBytes, Libc.MAP_PRIVATE | Libc.MAP_NORESERVE, hugePages);
        }
        else
        {
            _mapping = MediumMapping.Map(path, file.DangerousNumber, lengthBytes, Libc.MAP_SHARED, hugePages, Libc.PROT_READ);
            _copies = new BitArray((int)((lengthBytes + deviceUnitBytes - 1) / deviceUnitBytes));
        }

        Start = _mapping.Start;
        LengthBytes = lengthBytes;
    }

    public override string Name { get; }

    public override MediumKind Kind { get; }

    public override bool IsReadOnly => true;

    public override bool HasCheapFences => true;

    public override bool IsVolatile => Kind == MediumKind.PmemEmulated;

    public override string? MapRangeRefusal => null;

    public override int MapUnitBytes => Math.Max(_unitBytes, Environment.SystemPageSize);

    /// <inheritdoc/>
    /// <remarks>Shows the file, without what recovery stored to this medium's own copies: metadata, and nothing of the
    /// files' data.</remarks>
    public override Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access)
    {
        CheckRange(offsetBytes, lengthBytes);
        return access == RangeAccess.ReadWrite
            ? Errno.EROFS
            : MediumMapping.MapRange(_file.DangerousNumber, address, offsetBytes, lengthBytes, access, Libc.MAP_SHARED);
    }

    /// <inheritdoc/>
    /// <returns>ENOMEM: no memory for a copy.</returns>
    public override Errno Reserve(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        if (_copies is null || lengthBytes == 0)
        {
            return Errno.Success;
        }

        lock (_copies)
        {
            Errno outcome = Errno.Success;
            int last = (int)((offsetBytes + lengthBytes - 1) / _unitBytes);
            for (int unit = (int)(offsetBytes / _unitBytes); unit <= last && outcome == Errno.Success; unit++)
            {
                if (!_copies[unit])
                {
                    outcome = Copy(unit);
                    _copies[unit] = outcome == Errno.Success;
                }
            }

            return outcome;
        }
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        MakeStorable(offsetBytes, source.Length);
        source.CopyTo(Destination(offsetBytes, source.Length));
    }

    public override void WriteZeros(long offsetBytes, long lengthBytes)
    {
        MakeStorable(offsetBytes, lengthBytes);
        NativeMemory.Clear(Start + offsetBytes, (nuint)lengthBytes);
    }

    public override void MarkStored(long offsetBytes, long lengthBytes)
    {
    }

    public override void Fence()
    {
    }

    public override void Dispose()
    {
        _mapping.Dispose();
        _file.Dispose();
    }

    private void MakeStorable(long offsetBytes, long lengthBytes)
    {
        Errno outcome = Reserve(offsetBytes, lengthBytes);
        if (outcome != Errno.Success)
        {
            throw new MediumException(outcome, $"{Name}: no memory for a copy of what recovery changes.");
        }
    }

    /// <summary>Puts a copy in the place of a unit. Who reads it meanwhile reads the same bytes.</summary>
    private Errno Copy(int unit)
    {
        byte* address = Start + ((long)unit * _unitBytes);
        nuint lengthBytes = (nuint)Math.Min(_unitBytes, LengthBytes - ((long)unit * _unitBytes));
        const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;
        void* copy = Libc.mmap(null, lengthBytes, Protection, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if (copy == Libc.MAP_FAILED)
        {
            return Libc.LastError;
        }

        NativeMemory.Copy(address, copy, lengthBytes);
        if (Libc.mremap(copy, lengthBytes, lengthBytes, Libc.MREMAP_MAYMOVE | Libc.MREMAP_FIXED, address) != Libc.MAP_FAILED)
        {
            return Errno.Success;
        }

        Errno reason = Libc.LastError;
        Libc.munmap(copy, lengthBytes);
        return reason;
    }
}
