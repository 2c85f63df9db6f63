namespace Adit.Media;

/// <summary>How to open or create a medium.</summary>
public sealed record MediumOptions
{
    /// <summary>What it is made of, or null to decide from what is there: a device or a file on a DAX file system is
    /// persistent memory, anything else an ordinary file. Emulation is never chosen, only asked for.</summary>
    public MediumKind? Kind { get; init; }

    /// <summary>Stores go to a private copy and never reach the medium. Several may read at once, beside no writer.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Size of a new medium in bytes, a multiple of 4 KiB; 0 keeps the size of what is there.</summary>
    public long CreateSizeBytes { get; init; }

    /// <summary>On opening: refuse a file or device that is shorter than this. 0 asks for nothing.</summary>
    public long MinimumSizeBytes { get; init; }

    /// <summary>On creation: overwrite what is there, even if it looks used.</summary>
    public bool Force { get; init; }

    /// <summary>On opening: a descriptor of the file or device that owns it already, for reading or for writing as its owner sees to. Another of the same open
    /// file is made from it, so ownership ends when both are closed. -1: opened and owned by path.</summary>
    public int Descriptor { get; init; } = -1;

    /// <summary>Give an owner that is just closing 250 ms before refusing.</summary>
    public bool WaitForOwner { get; init; } = true;
}
