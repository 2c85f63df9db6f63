using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Adit.Dax.Leases;
using Adit.Dax.Mappings;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Files;
using Adit.Interop;

namespace Adit;

/// <content>Direct access: pins and views.</content>
public sealed partial class AditFile : IPinRefusal
{
    private const string MapOperation = "map";

    private AddressSpace? _mapping;

    /// <summary>The file's mapping: prefaulting, advice, page sources, leases, statistics. The same object for every handle while the file is
    /// open.</summary>
    /// <remarks>It gives write access to whoever asks, also when this handle may only read; the methods below do not.</remarks>
    public AddressSpace Mapping => _mapping ?? OpenMapping();

    /// <summary>Holds a range of the file in place and gives its bytes on the medium, for the length of an operation. Allocates nothing when
    /// the range lies in one page that was accessed before.</summary>
    /// <param name="offsetBytes">Where in the file.</param>
    /// <param name="lengthBytes">At least 1; the range lies inside the file.</param>
    /// <param name="access">What for.</param>
    /// <returns>To be disposed before this file. Do not wait for a change of the file's layout while holding it: such a change waits for it.</returns>
    /// <exception cref="AditException">ENXIO: behind the end of the file. EBADF: not opened for writing. ENOSPC, EROFS, EIO, EBUSY; EOPNOTSUPP: what
    /// was asked for cannot be had.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Pin Pin(long offsetBytes, long lengthBytes, PinAccess access = PinAccess.Read)
    {
        CheckAccess(access);
        return Mapping.Pin(offsetBytes, lengthBytes, access, this);
    }

    /// <summary>Holds a range of the file in place for long, with a lease: whoever wants it changed tells the holder, waits for the time of a
    /// lease, and then fails.</summary>
    /// <inheritdoc cref="Pin"/>
    public LongPin PinLong(long offsetBytes, long lengthBytes, PinAccess access, LeaseOptions lease)
    {
        CheckAccess(access);
        Check(Mapping.PinLong(offsetBytes, lengthBytes, access, lease, out LongPin? pin), "pin");
        return pin!;
    }

    /// <summary>Maps a range of the file as one range of memory, by the hardware.</summary>
    /// <param name="offsetBytes">Where in the file.</param>
    /// <param name="lengthBytes">At least 1.</param>
    /// <param name="options">How; null for reading.</param>
    /// <exception cref="AditException">As for <see cref="Pin"/>; the message says why something that was asked for cannot be had.</exception>
    public View Map(long offsetBytes, long lengthBytes, ViewOptions? options = null)
    {
        options ??= new ViewOptions();
        CheckAccess(options.Kind == ViewKind.ReadWrite ? PinAccess.Write : PinAccess.Read);
        if ((options.Flags & MapFlags.Sync) != 0)
        {
            CheckPreview(VolumeFeatures.SynchronousMappings);
        }

        Errno errno = View.TryMap(Mapping, offsetBytes, lengthBytes, options, out View? view, out string? refusal);
        if (errno == Errno.EROFS)
        {
            ThrowIfFixed("map");
        }

        if (errno != Errno.Success && refusal is not null)
        {
            throw new AditException(errno, "map", Path, refusal);
        }

        Check(errno, "map");
        return view!;
    }

    [DoesNotReturn]
    void IPinRefusal.Throw(Errno errno) => Throw(errno, "pin");

    private AddressSpace OpenMapping()
    {
        Check(((FileHandle)Node).OpenMapping(out AddressSpace? mapping), MapOperation);
        return _mapping = mapping!;
    }

    private void CheckAccess(PinAccess access)
    {
        if ((access & PinAccess.Sync) != 0)
        {
            CheckPreview(VolumeFeatures.SynchronousMappings);
        }

        if ((access & PinAccess.Write) != 0 && (Access & FileAccess.Write) == 0)
        {
            Throw(Errno.EBADF, "map for writing");
        }
    }

    private void CheckPreview(string feature)
    {
        if (Volume.RefusesPreviews)
        {
            throw new AditException(Errno.ENOTSUP, "map", Path, $"'{feature}' is a preview, and previews are refused.");
        }
    }
}
