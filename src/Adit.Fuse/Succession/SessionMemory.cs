using System.Runtime.InteropServices;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Metadata.Logging;

namespace Adit.Fuse.Succession;

/// <summary>All that a server has promised the kernel and that is not in the volume: which inodes the kernel holds and how often, which files are
/// open, which requests are in work and how far, what was negotiated, and the records staged for the volume's log. In memory that can
/// outlive the process, so that another server can go on where this one was killed.</summary>
/// <remarks>
/// <para>Invariants. Whatever the moment of a kill, what is here is true or errs on the harmless side: an inode may be held once too often, which
/// costs its space until the unmount, and never once too rarely. Each structure says in what order it stores. Only the death of the process is
/// provided for, not that of the machine, after which there is no kernel that holds anything.</para>
/// <para>The layout is a protocol between servers of different versions: <see cref="Version"/> changes with it.</para>
/// <para>Sparse: a page costs memory when it is first used.</para></remarks>
public sealed unsafe class SessionMemory : IDisposable
{
    /// <summary>Of the layout, and of the conversation between a holder and its servers.</summary>
    public const int Version = 1;

    internal const int ChannelCount = 128;
    internal const int MaxHandles = 1 << 20;
    internal const long MaxHeldInodes = 1L << 26;

    private const ulong Magic = 0x3144_4C4F_4854_4441;
    private const long StagingOffset = 1 << 20;
    private const long ChannelsOffset = 16 << 20;
    private const long HandlesOffset = ChannelsOffset + (ChannelCount * ChannelArea.SizeBytes);
    private const long HeldOffset = HandlesOffset + ((long)MaxHandles * HandleSlot.SizeBytes);
    private const long LengthBytes = HeldOffset + (MaxHeldInodes * HeldSlot.SizeBytes);

    private readonly MemoryMapping _mapping;

    private SessionMemory(MemoryMapping mapping, FileDescriptor? file)
    {
        _mapping = mapping;
        File = file;
        Staging = new StagingArea(mapping.Start + StagingOffset);
        ref SessionHeader head = ref Head;
        if (head.Magic == 0)
        {
            head.Version = Version;
            head.Magic = Magic;
        }
    }

    /// <summary>The memory as a file that other processes can map, or null.</summary>
    public FileDescriptor? File { get; }

    /// <summary>Records on their way to the volume's log.</summary>
    public StagingArea Staging { get; }

    /// <summary>A server has answered the kernel's first request: another can take over.</summary>
    public bool IsNegotiated => Head.InitFlags != 0;

    /// <summary>How many servers took over so far.</summary>
    public int TakeOverCount => (int)Volatile.Read(ref Head.TakeOverCount);

    /// <summary>See <see cref="Mounting.ConnectionControl"/>; 0 until it is mounted.</summary>
    public uint Connection => Head.Connection;

    /// <summary>Requests that all servers over this memory began, and those among them that the kernel sent again.</summary>
    internal (long Total, long Repeated) CountRequests()
    {
        long total = 0;
        long repeated = 0;
        for (int index = 0; index < ChannelCount; index++)
        {
            total += Volatile.Read(ref Channel(index)->BegunCount);
            repeated += Volatile.Read(ref Channel(index)->RepeatedCount);
        }

        return (total, repeated);
    }

    internal ref SessionHeader Head => ref *(SessionHeader*)_mapping.Start;

    internal ChannelArea* Channel(int index) => (ChannelArea*)(_mapping.Start + ChannelsOffset + (index * ChannelArea.SizeBytes));

    internal HandleSlot* Handles => (HandleSlot*)(_mapping.Start + HandlesOffset);

    internal HeldSlot* Held => (HeldSlot*)(_mapping.Start + HeldOffset);

    /// <summary>Memory of this process alone: it ends with it.</summary>
    internal static SessionMemory CreatePrivate() => new(Map(-1, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE), null);

    /// <summary>Memory that lasts as long as a process has its <see cref="File"/> open.</summary>
    public static SessionMemory CreateShared()
    {
        FileDescriptor file = Libc.memfd_create("adit-session", Libc.MFD_CLOEXEC);
        Errno outcome = file.IsInvalid ? Libc.LastError : Libc.Outcome(Libc.ftruncate(file, LengthBytes));
        return outcome == Errno.Success
            ? new SessionMemory(Map(file.DangerousNumber, Libc.MAP_SHARED | Libc.MAP_NORESERVE), file)
            : throw new MountException(outcome, $"no memory to be shared between servers: {outcome.Message()}");
    }

    /// <summary>The memory of an earlier server.</summary>
    /// <param name="file">What <see cref="File"/> was there. Taken over.</param>
    /// <exception cref="MountException">EPROTO: written by a version of Adit that this one does not understand.</exception>
    public static SessionMemory Open(FileDescriptor file)
    {
        long sizeBytes = Libc.lseek(file, 0, Libc.SEEK_END);
        if (sizeBytes < sizeof(SessionHeader))
        {
            throw new MountException(Errno.EPROTO, $"the memory of the server before has {sizeBytes} bytes");
        }

        MemoryMapping mapping = Map(file.DangerousNumber, Libc.MAP_SHARED | Libc.MAP_NORESERVE, Math.Min(sizeBytes, LengthBytes));
        SessionHeader head = *(SessionHeader*)mapping.Start;
        if (sizeBytes != LengthBytes || head.Magic != Magic || head.Version != Version)
        {
            mapping.Dispose();
            throw new MountException(
                Errno.EPROTO, $"the running server keeps its state in form {head.Version}, this version of Adit understands form {Version}: unmount and mount instead");
        }

        return new SessionMemory(mapping, file);
    }

    public void Dispose()
    {
        _mapping.Dispose();
        File?.Dispose();
    }

    private static MemoryMapping Map(int file, int flags, long lengthBytes = LengthBytes)
    {
        Errno outcome = MemoryMapping.TryMap(file, lengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, flags, out MemoryMapping? mapping);
        return mapping ?? throw new MountException(outcome, $"no memory for the mount's state: {outcome.Message()}");
    }
}

/// <summary>At the start of the memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SessionHeader
{
    public ulong Magic;
    public uint Version;
    public uint Minor;

    /// <summary>What was negotiated; 0 until then.</summary>
    public ulong InitFlags;

    /// <summary>Slots of handles ever used.</summary>
    public long HandleCount;

    /// <summary>Slots of held inodes ever used.</summary>
    public long HeldCount;

    public long TakeOverCount;

    /// <summary>See <see cref="Mounting.ConnectionControl"/>.</summary>
    public uint Connection;
}

/// <summary>A handle that the kernel has. Valid while its generation is odd, which is stored last when it is given and first when it is taken back.</summary>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
internal struct HandleSlot
{
    public const int SizeBytes = 32;

    public ulong Inode;
    public uint Flags;
    public uint Generation;

    /// <summary>When it was last written through, by <see cref="Environment.TickCount64"/>; 0: never.</summary>
    public long WrittenAtMs;
}

/// <summary>An inode that the kernel holds. Valid while its count is not 0: the inode is stored before its first count.</summary>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
internal struct HeldSlot
{
    public const int SizeBytes = 16;

    public ulong Inode;
    public ulong Count;
}
