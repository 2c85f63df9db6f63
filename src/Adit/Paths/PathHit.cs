using Adit.Format;

namespace Adit.Paths;

/// <summary>Where a path leads. Valid as long as the path's bytes.</summary>
internal ref struct PathHit
{
    /// <summary>The directory of its last name; the root itself for the root.</summary>
    public InodeNumber Parent;

    /// <summary>The last name, or empty when the path leads to a directory by itself (the root, or through "." or "..").</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>What it names, when <see cref="Exists"/>.</summary>
    public InodeNumber Inode;

    /// <summary>The type of what it names, as the type bits of st_mode.</summary>
    public uint TypeBits;

    /// <summary>There is such an entry.</summary>
    public bool Exists;

    /// <summary>It can only mean a directory.</summary>
    public bool EndsInSlash;

    private const uint DirectoryBits = 0x4000;
    private const uint SymbolicLinkBits = 0xA000;

    public readonly bool IsDirectory => TypeBits == DirectoryBits;

    public readonly bool IsSymbolicLink => TypeBits == SymbolicLinkBits;

    /// <summary>A directory that was reached without a name.</summary>
    public static PathHit OfDirectory(InodeNumber directory) =>
        new() { Parent = directory, Inode = directory, TypeBits = DirectoryBits, Exists = true };
}
