using Adit.Format;
using Adit.Fuse.Succession;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Succession;

/// <summary>What a server leaves that is killed at a moment: the bytes of its volume and of its memory, as they are then. To be taken from within the
/// server, by something that it calls at that moment.</summary>
internal sealed unsafe class KilledServer : IDisposable
{
    private readonly string _volume;
    private readonly SessionMemory _memory;
    private FileDescriptor? _memoryCopy;

    /// <param name="volume">The volume's file.</param>
    /// <param name="memory">The server's.</param>
    public KilledServer(string volume, SessionMemory memory)
    {
        _volume = volume;
        _memory = memory;
    }

    /// <summary>The copy of the volume.</summary>
    public string Volume => _volume + ".killed";

    public bool IsTaken => _memoryCopy is not null;

    /// <summary>Takes the picture; only the first time counts.</summary>
    public void Take()
    {
        if (_memoryCopy is not null)
        {
            return;
        }

        FileDescriptor copy = Libc.memfd_create("killed", Libc.MFD_CLOEXEC);
        CopySparse(_memory.File!, copy);
        using (FileDescriptor source = Libc.open(_volume, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0))
        using (FileDescriptor target = Libc.open(Volume, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_TRUNC | OpenFlags.O_CLOEXEC, 0x180))
        {
            CopySparse(source, target);
        }

        _memoryCopy = copy;
    }

    /// <summary>The copy of the memory, as another server gets it.</summary>
    public SessionMemory OpenMemory() => SessionMemory.Open(_memoryCopy ?? throw new InvalidOperationException("the moment of the kill never came"));

    public void Dispose()
    {
        File.Delete(Volume);
        _memoryCopy?.Dispose();
    }

    private static void CopySparse(FileDescriptor from, FileDescriptor to)
    {
        const int SeekData = 3;
        const int SeekHole = 4;
        const int SeekEnd = 2;
        long length = Libc.lseek(from, 0, SeekEnd);
        Assert.Equal(0, Libc.ftruncate(to, length));
        byte[] buffer = new byte[1 << 20];
        fixed (byte* bytes = buffer)
        {
            for (long offset = Libc.lseek(from, 0, SeekData); offset >= 0 && offset < length; offset = Libc.lseek(from, offset, SeekData))
            {
                long end = Libc.lseek(from, offset, SeekHole);
                while (offset < end)
                {
                    nint count = Libc.pread(from, bytes, (nuint)Math.Min(buffer.Length, end - offset), offset);
                    Assert.True(count > 0);
                    Assert.Equal(count, Libc.pwrite(to, bytes, (nuint)count, offset));
                    offset += count;
                }
            }
        }
    }
}

/// <summary>Calls something at each change of a volume, when its commit has happened and nobody has been told.</summary>
internal sealed class ChangeHook(Action changed) : IChangeObserver
{
    public void DataChanged(InodeNumber inode, long offsetBytes, long lengthBytes) => changed();

    public void UsageChanged(InodeNumber inode)
    {
    }

    public void PagesFilled(InodeNumber inode, long offsetBytes, long lengthBytes)
    {
    }

    public void AttributesChanged(InodeNumber inode) => changed();

    public void EntryChanged(InodeNumber directory, ReadOnlySpan<byte> name) => changed();

    public void EntryRemoved(InodeNumber directory, InodeNumber node, ReadOnlySpan<byte> name) => changed();

    public void WaitUntilTold()
    {
    }
}
