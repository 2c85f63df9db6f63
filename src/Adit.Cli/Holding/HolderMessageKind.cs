namespace Adit.Cli.Holding;

/// <summary>What a holder and its server say to each other. The numbers are a protocol between versions; see
/// <see cref="Fuse.Succession.SessionMemory.Version"/>.</summary>
internal enum HolderMessageKind : byte
{
    /// <summary>Server: it has started and waits to be told to go on. Text: the version that it speaks.</summary>
    Ready = 1,

    /// <summary>Holder: the server before is gone, go on.</summary>
    Go = 2,

    /// <summary>Server: it is mounted. With the channel to the kernel.</summary>
    Mounted = 3,

    /// <summary>Server: the mount answers. Text: a <see cref="Mounts.MountStatus"/>.</summary>
    Serving = 4,

    /// <summary>Server: it cannot serve, and ends. Text: a <see cref="Mounts.MountStatus"/>.</summary>
    Failed = 5,

    /// <summary>Holder: make way for another server.</summary>
    HandOver = 6,

    /// <summary>Server: the volume is closed, it ends, the mount is another's.</summary>
    HandedOver = 7,

    /// <summary>Server: a request does not come to its end; it serves on.</summary>
    HandOverRefused = 8,

    /// <summary>Holder: unmount and end.</summary>
    Terminate = 9,

    /// <summary>Server: the mount has ended and the volume is closed. Text: the exit code.</summary>
    Ended = 10,

    /// <summary>Holder: everything it held is closed.</summary>
    Closed = 11,
}
