using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Opens and creates media by path. What it returns is owned: no second writer gets in until it is disposed.</summary>
public static class MediumFactory
{
    /// <summary>Opens what is there.</summary>
    /// <exception cref="MediumException">ENOENT, EACCES, EBUSY (someone owns it), EINVAL (not a file or device that can
    /// hold a volume), EUCLEAN (cut short), ENOTSUP (not in persistent memory).</exception>
    public static Medium Open(string path, MediumOptions options)
    {
        using MediumFile file = options.Descriptor < 0 ? MediumFile.Open(path, options.ReadOnly) : MediumFile.Duplicate(path, options.Descriptor);
        if (options.Descriptor < 0)
        {
            file.Own(options.ReadOnly, options.WaitForOwner);
        }
        else
        {
            file.CheckName();
        }

        if (file.LengthBytes < Math.Max(options.MinimumSizeBytes, MediumFile.BlockBytes))
        {
            throw new MediumException(
                Errno.EUCLEAN,
                $"{path} is {file.LengthBytes} bytes long and should be at least {Math.Max(options.MinimumSizeBytes, MediumFile.BlockBytes)}: " +
                "it was cut short, or it never was a volume. Restore it from a copy.");
        }

        return Make(file, path, options, file.LengthBytes & ~(MediumFile.BlockBytes - 1));
    }

    /// <summary>Creates a file, or takes over an unused one or a device. Its content is zeros, except on a device and
    /// with <see cref="MediumOptions.Force"/>, where it is anything.</summary>
    /// <exception cref="MediumException">As for <see cref="Open"/>; EEXIST: what is there looks used; ENOSPC.</exception>
    public static Medium Create(string path, MediumOptions options)
    {
        if (options.CreateSizeBytes < 0 || options.CreateSizeBytes % MediumFile.BlockBytes != 0)
        {
            throw new MediumException(Errno.EINVAL, $"{path}: a size of {options.CreateSizeBytes} bytes is not a multiple of 4 KiB.");
        }

        if (options.Kind == MediumKind.Memory)
        {
            return MemoryMedium.CreateShared(options.CreateSizeBytes);
        }

        using MediumFile file = MediumFile.OpenOrCreate(path);
        try
        {
            file.Own(shared: false, options.WaitForOwner);
            if (!options.Force && file.LooksUsed())
            {
                throw new MediumException(
                    Errno.EEXIST, $"{path} exists and does not look empty. To overwrite it, losing what is there: --force");
            }

            long lengthBytes = file.SetLength(options.CreateSizeBytes);
            file.MakeNameDurable();
            return Make(file, path, options, lengthBytes);
        }
        catch
        {
            file.RemoveIfNew();
            throw;
        }
    }

    private static Medium Make(MediumFile file, string path, MediumOptions options, long lengthBytes)
    {
        MediumKind kind = options.Kind ?? (file.IsDevice || file.IsDax ? MediumKind.Pmem : MediumKind.File);
        if (file.IsDevice && kind != MediumKind.Pmem)
        {
            throw new MediumException(Errno.EINVAL, $"{path} is a device-DAX device: it can only be used as --medium pmem.");
        }

        Medium medium = (kind, options.ReadOnly) switch
        {
            (MediumKind.File or MediumKind.Pmem or MediumKind.PmemEmulated, true) => new ReadOnlyMedium(file.Descriptor, path, lengthBytes, kind, file.DeviceUnitBytes),
            (MediumKind.File, _) => new FileMedium(file.Descriptor, path, lengthBytes),
            (MediumKind.Pmem or MediumKind.PmemEmulated, _) => new PmemMedium(file.Descriptor, path, lengthBytes, kind, file.DeviceUnitBytes),
            _ => throw new MediumException(Errno.EINVAL, $"{path}: a medium of kind {kind} has no path."),
        };
        file.HandOver();
        return medium;
    }
}
