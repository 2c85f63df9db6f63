using Adit.Format;

namespace Adit.Paths;

/// <summary>Where a path leads.</summary>
/// <param name="Parent">The directory of its last name; the root itself for the root.</param>
/// <param name="Name">The last name, or empty when the path leads to a directory by itself (the root, or through "." or "..").</param>
/// <param name="Inode">What it names, when <paramref name="Exists"/>.</param>
/// <param name="Exists">There is such an entry.</param>
/// <param name="TypeBits">The type of what it names.</param>
/// <param name="EndsInSlash">It can only mean a directory.</param>
internal readonly record struct PathHit(
    InodeNumber Parent, ReadOnlyMemory<byte> Name, InodeNumber Inode, bool Exists, uint TypeBits, bool EndsInSlash)
{
    public bool IsDirectory => TypeBits == 0x4000;

    public bool IsSymbolicLink => TypeBits == 0xA000;
}
