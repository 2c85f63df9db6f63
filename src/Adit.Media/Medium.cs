using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Adit.Interop;

namespace Adit.Media;

/// <summary>One contiguous mapped range of memory that outlives the process, and the promises of how stores to it
/// become durable. A store may reach the medium at any time before a fence; it is there for certain after the fence
/// that follows its <see cref="Write"/> or <see cref="MarkStored"/>. The unit of atomicity is an aligned 8-byte store.</summary>
/// <remarks>Thread-safe. On a medium of cache lines a fence covers what the calling thread wrote and marked; on a
/// medium of pages it covers what any thread did.</remarks>
public abstract unsafe class Medium : IDisposable
{
    /// <summary>The first byte. The range stays mapped until the medium is disposed.</summary>
    public byte* Start { get; protected init; }

    public long LengthBytes { get; protected init; }

    /// <summary>Where it is kept, for messages: a path, or a description in brackets.</summary>
    public abstract string Name { get; }

    public abstract MediumKind Kind { get; }

    /// <summary>Stores go to a private copy and never reach the medium.</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>A fence costs well under a microsecond, so each transaction can be durable when it returns.</summary>
    public abstract bool HasCheapFences { get; }

    /// <summary>What lies behind a real file or device can keep bytes through power loss.</summary>
    public virtual bool IsVolatile => false;

    /// <summary>What <see cref="MapRange"/> maps is made of whole units of this size, on both sides: the system's page, or what a
    /// device-DAX device is aligned to.</summary>
    public virtual int MapUnitBytes => Environment.SystemPageSize;

    /// <summary>Why <see cref="MapRange"/> cannot work here, or null where it can.</summary>
    public virtual string? MapRangeRefusal => $"{Name} is memory that cannot be mapped a second time.";

    /// <summary>Maps a range of the medium once more, in place of what is mapped at an address. Other threads that read
    /// or store there see what was, or what comes: never a fault in between.</summary>
    /// <param name="address">A multiple of the system's page size, inside addresses that the caller has reserved.</param>
    /// <param name="offsetBytes">Where in the medium the range begins; a multiple of the system's page size.</param>
    /// <param name="lengthBytes">A multiple of the system's page size.</param>
    /// <param name="access">What may be done there.</param>
    /// <returns>ENOTSUP: see <see cref="MapRangeRefusal"/>; EROFS: stores never reach this medium; ENOMEM: the process
    /// has too many mappings (vm.max_map_count), or no memory for one.</returns>
    /// <remarks>The mapping stays when the medium is disposed. It is not made durable by it: stores through it are told
    /// with <see cref="MarkStored"/>.</remarks>
    public virtual Errno MapRange(byte* address, long offsetBytes, long lengthBytes, RangeAccess access) => Errno.ENOTSUP;

    /// <summary>Copies bytes to the medium, bypassing the cache where that helps; durable after the next fence.</summary>
    public abstract void Write(long offsetBytes, ReadOnlySpan<byte> source);

    /// <summary>Writes zeros to the medium; durable after the next fence.</summary>
    public abstract void WriteZeros(long offsetBytes, long lengthBytes);

    /// <summary>Starts writing back bytes that were stored through <see cref="Start"/>; durable after the next fence.</summary>
    public abstract void MarkStored(long offsetBytes, long lengthBytes);

    /// <summary>Returns when everything written or marked before is durable.</summary>
    /// <exception cref="MediumException">The medium failed; what was not yet durable may be lost. Never retried into success.</exception>
    public abstract void Fence();

    /// <summary>Makes sure that the host has room for the range, so that stores there cannot fail later.
    /// Cheap when repeated.</summary>
    /// <returns>ENOSPC when the host is full.</returns>
    public virtual Errno Reserve(long offsetBytes, long lengthBytes) => Errno.Success;

    /// <summary>Gives the host back the room behind a range whose content no longer matters. Best effort.</summary>
    public virtual void Discard(long offsetBytes, long lengthBytes)
    {
    }

    public ReadOnlySpan<byte> Span(long offsetBytes, int lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        return new ReadOnlySpan<byte>(Start + offsetBytes, lengthBytes);
    }

    public abstract void Dispose();

    /// <summary>The bytes of a range that is about to be written.</summary>
    protected Span<byte> Destination(long offsetBytes, int lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        return new Span<byte>(Start + offsetBytes, lengthBytes);
    }

    /// <summary>Refuses a range that is not wholly inside the medium.</summary>
    protected void CheckRange(long offsetBytes, long lengthBytes)
    {
        // Two comparisons suffice: a negative number is a huge unsigned one, and the second cannot wrap after the first.
        if ((ulong)lengthBytes > (ulong)LengthBytes || (ulong)offsetBytes > (ulong)(LengthBytes - lengthBytes))
        {
            ThrowOutside(offsetBytes, lengthBytes);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowOutside(long offsetBytes, long lengthBytes) => throw new ArgumentOutOfRangeException(
        nameof(offsetBytes), $"{lengthBytes} bytes at {offsetBytes} are not inside {Name} of {LengthBytes} bytes.");
}
