using Adit.Format;

namespace Adit.Directories;

/// <summary>What was found of a name in a directory.</summary>
/// <param name="Exists">There is such an entry.</param>
/// <param name="Offset">Its key's offset; where it would go when there is none.</param>
/// <param name="Inode">The inode it names.</param>
/// <param name="TypeBits">That inode's type, as in st_mode.</param>
internal readonly record struct DirectoryHit(bool Exists, ulong Offset, InodeNumber Inode, uint TypeBits)
{
    /// <summary>Where there is no such entry: whether one can be added. False only when 256 names have the same hash.</summary>
    public bool HasRoom { get; init; }

    public bool IsDirectory => TypeBits == 0x4000;

    public bool IsSymbolicLink => TypeBits == 0xA000;

    /// <summary>Paths can go on behind it.</summary>
    public bool LeadsOn => IsDirectory || IsSymbolicLink;
}
