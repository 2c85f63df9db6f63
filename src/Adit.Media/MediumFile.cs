using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>A file or device on its way to become a medium: opened, examined, owned, and then handed over. Closed
/// when disposed before that.</summary>
internal sealed unsafe class MediumFile : IDisposable
{
    public const long BlockBytes = 4096;

    private const long DeviceUnit = 2 << 20;
    private const int ProbeBytes = 1 << 20;
    private const uint Mode = 0x1A4; // rw-r--r--

    private readonly string _path;
    private readonly bool _isNew;
    private bool _isOwned;
    private bool _isHandedOver;
    private StatxBuffer _attributes;

    private MediumFile(string path, FileDescriptor descriptor, bool isNew)
    {
        _path = path;
        Descriptor = descriptor;
        _isNew = isNew;
    }

    public FileDescriptor Descriptor { get; }

    public bool IsDevice => _attributes.IsCharacterDevice;

    /// <summary>What mappings of a device-DAX device are made of; 0 for a file.</summary>
    public int DeviceUnitBytes => !IsDevice ? 0 : (int)(ReadOfDevice("align") is long unit and > 0 and <= 1 << 30 ? unit : DeviceUnit);

    public bool IsDax => _attributes.IsDax;

    public long LengthBytes { get; private set; }

    public static MediumFile Open(string path, bool readOnly)
    {
        FileDescriptor descriptor = Libc.open(path, (readOnly ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR) | OpenFlags.O_CLOEXEC, 0);
        return Examined(path, descriptor, isNew: false, hint: $" To make a volume there: adit mkfs {path}");
    }

    /// <summary>Of a descriptor that stays somebody else's.</summary>
    public static MediumFile Duplicate(string path, int descriptor) =>
        Examined(path, new FileDescriptor(Libc.fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, 0)), isNew: false);

    public static MediumFile OpenOrCreate(string path)
    {
        FileDescriptor descriptor = Libc.open(path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC, Mode);
        if (descriptor.IsInvalid && Libc.LastError == Errno.EEXIST)
        {
            descriptor.Dispose();
            return Open(path, readOnly: false);
        }

        return Examined(path, descriptor, isNew: !descriptor.IsInvalid);
    }

    /// <summary>Takes the ownership, then looks again: the file may have changed while its owner was closing it.</summary>
    public void Own(bool shared, bool wait)
    {
        FileOwnership.Take(Descriptor, _path, shared, wait);
        _isOwned = true;
        Examine();
        CheckName();
    }

    /// <summary>The path names this file still.</summary>
    public void CheckName()
    {
        if (Libc.Stat(_path, out StatxBuffer named) != Errno.Success
            || named.stx_ino != _attributes.stx_ino || named.stx_dev_major != _attributes.stx_dev_major
            || named.stx_dev_minor != _attributes.stx_dev_minor)
        {
            throw new MediumException(Errno.ESTALE, $"{_path} was replaced by another file while it was being opened. Try again.");
        }
    }

    /// <summary>There are bytes other than zero in the first or last MiB of data.</summary>
    public bool LooksUsed()
    {
        if (IsDevice)
        {
            return DeviceLooksUsed();
        }

        if (LengthBytes == 0)
        {
            return false;
        }

        long firstData = Libc.lseek(Descriptor, 0, Libc.SEEK_DATA);
        if (firstData == -1)
        {
            // ENXIO: one hole. Anything else cannot be judged, so it counts as used.
            return Libc.LastError != Errno.ENXIO;
        }

        return HasData(firstData) || HasData(Math.Max(0, LengthBytes - ProbeBytes));
    }

    /// <summary>Gives a file its size; 0 keeps what is there.</summary>
    /// <returns>The size that the medium gets.</returns>
    public long SetLength(long lengthBytes)
    {
        long available = LengthBytes & ~(BlockBytes - 1);
        if (lengthBytes == 0 ? available == 0 : IsDevice && lengthBytes > available)
        {
            throw new MediumException(Errno.EINVAL, $"{_path}: a volume of {lengthBytes} bytes does not fit there: it has {available} bytes.");
        }

        if (lengthBytes == 0 || IsDevice)
        {
            // Devices are mapped in their own units only, 2 MiB as a rule.
            return lengthBytes == 0 ? available : Math.Min(available, (lengthBytes + DeviceUnit - 1) & ~(DeviceUnit - 1));
        }

        // What a forced overwrite replaces is cut off first: the new file begins as one hole.
        Check(Libc.ftruncate(Descriptor, 0));
        Check(Libc.ftruncate(Descriptor, lengthBytes));
        Check(Libc.fsync(Descriptor));
        return lengthBytes;
    }

    /// <summary>Makes the directory entry of a new file durable.</summary>
    public void MakeNameDurable()
    {
        if (!_isNew)
        {
            return;
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(_path)) ?? "/";
        using FileDescriptor parent = Libc.open(directory, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_CLOEXEC, 0);
        Check(parent.IsInvalid ? -1 : Libc.fsync(parent));
    }

    /// <summary>Undoes the creation after a failure. What someone else took over meanwhile stays.</summary>
    public void RemoveIfNew()
    {
        if (_isNew && _isOwned)
        {
            _ = Libc.unlink(_path);
        }
    }

    /// <summary>The medium owns the descriptor from here on.</summary>
    public void HandOver() => _isHandedOver = true;

    public void Dispose()
    {
        if (!_isHandedOver)
        {
            Descriptor.Dispose();
        }
    }

    private static MediumFile Examined(string path, FileDescriptor descriptor, bool isNew, string hint = "")
    {
        if (descriptor.IsInvalid)
        {
            Errno reason = Libc.LastError;
            throw new MediumException(reason, $"{path}: cannot open it: {reason.Message()}.{(reason == Errno.ENOENT ? hint : "")}");
        }

        MediumFile file = new(path, descriptor, isNew);
        try
        {
            file.Examine();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Examine()
    {
        Errno outcome = Libc.Stat(Descriptor, out _attributes);
        if (outcome != Errno.Success)
        {
            throw new MediumException(outcome, $"{_path}: cannot examine it: {outcome.Message()}.");
        }

        if (!_attributes.IsRegularFile && !_attributes.IsCharacterDevice)
        {
            throw new MediumException(
                Errno.EINVAL,
                $"{_path} is neither a file nor a device-DAX device. (A namespace of persistent memory becomes one with: ndctl create-namespace -m devdax)");
        }

        LengthBytes = IsDevice ? DeviceLength() : (long)_attributes.stx_size;
    }

    private long DeviceLength()
    {
        return ReadOfDevice("size") ?? throw new MediumException(Errno.EINVAL, $"{_path} is not a device-DAX device: it has no size.");
    }

    /// <summary>A number that the kernel tells of the device, or null.</summary>
    private long? ReadOfDevice(string attribute)
    {
        string file = $"/sys/dev/char/{_attributes.stx_rdev_major}:{_attributes.stx_rdev_minor}/{attribute}";
        return File.Exists(file) && long.TryParse(File.ReadAllText(file).Trim(), out long value) ? value : null;
    }

    private bool DeviceLooksUsed()
    {
        // read(2) on a device-DAX device gives EINVAL: only a mapping can look, of whole 2 MiB.
        MemoryMapping.TryMap(Descriptor.DangerousNumber, DeviceUnit, Libc.PROT_READ, Libc.MAP_SHARED, out MemoryMapping? mapping);
        using (mapping)
        {
            return mapping is null || new ReadOnlySpan<byte>(mapping.Start, ProbeBytes).ContainsAnyExcept((byte)0);
        }
    }

    private bool HasData(long offset)
    {
        byte[] probe = new byte[ProbeBytes];
        fixed (byte* buffer = probe)
        {
            nint got = Libc.pread(Descriptor, buffer, ProbeBytes, offset);
            return got < 0 || probe.AsSpan(0, (int)got).ContainsAnyExcept((byte)0);
        }
    }

    private void Check(int result)
    {
        if (result != 0)
        {
            Errno reason = Libc.LastError;
            throw new MediumException(reason, $"{_path}: cannot prepare it: {reason.Message()}.");
        }
    }
}
