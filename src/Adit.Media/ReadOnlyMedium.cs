using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>A private view of a volume that is not changed: stores go to copies of the pages, so that recovery can
/// run, and are forgotten when the medium is disposed.</summary>
internal sealed unsafe class ReadOnlyMedium : Medium
{
    private readonly FileDescriptor _file;
    private readonly MemoryMapping _mapping;

    /// <param name="file">Open for reading, and owned with other readers. Taken over.</param>
    /// <param name="path">Its path.</param>
    /// <param name="lengthBytes">How much of it to map; a multiple of 4 KiB, not beyond its end.</param>
    /// <param name="kind">What lies below.</param>
    public ReadOnlyMedium(FileDescriptor file, string path, long lengthBytes, MediumKind kind)
    {
        Name = path;
        Kind = kind;
        _file = file;
        bool hugePages = kind != MediumKind.File;
        _mapping = MediumMapping.Map(path, file.DangerousNumber, lengthBytes, Libc.MAP_PRIVATE | Libc.MAP_NORESERVE, hugePages);
        Start = _mapping.Start;
        LengthBytes = lengthBytes;
    }

    public override string Name { get; }

    public override MediumKind Kind { get; }

    public override bool IsReadOnly => true;

    public override bool HasCheapFences => true;

    public override bool IsVolatile => Kind == MediumKind.PmemEmulated;

    public override string? MapRangeRefusal => null;

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

    public override void Dispose()
    {
        _mapping.Dispose();
        _file.Dispose();
    }
}
