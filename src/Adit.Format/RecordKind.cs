namespace Adit.Format;

/// <summary>What a record of the tree is. Part of its key, so the numbers are on the medium.</summary>
public enum RecordKind : byte
{
    /// <summary>Attributes of an inode; offset 0.</summary>
    Inode = 0x10,

    /// <summary>One piece of a symbolic link's target; offset is the piece's number.</summary>
    Symlink = 0x20,

    /// <summary>A directory entry; offset is the hash of its name.</summary>
    DirectoryEntry = 0x30,

    /// <summary>A run of a file's blocks; offset is the first file block.</summary>
    Extent = 0x40,

    /// <summary>Checksums of some of 64 neighbouring file blocks; offset is the first file block, divided by 64.</summary>
    DataChecksum = 0x48,

    /// <summary>An extended attribute's name and length; offset is the hash of its name.</summary>
    Attribute = 0x50,

    /// <summary>A piece of an extended attribute's value.</summary>
    AttributeValue = 0x51,

    /// <summary>Under inode 0: an inode without a name, or with work left to do after a crash; offset is its number.</summary>
    Orphan = 0x60,

    /// <summary>Under inode 0: the use of one chunk; offset is the chunk.</summary>
    Space = 0x70,

    /// <summary>Under inode 0: how many owners a shared extent has; offset is its first block.</summary>
    SharedCount = 0x71,

    /// <summary>Who owns a run of blocks; the key's inode field is <see cref="TreeKey.ReverseMapSpace"/> plus the
    /// first block, offset is a hash of owner and file block.</summary>
    ReverseMap = 0x80,

    /// <summary>Under inode 0: settings of the volume; offset names the setting.</summary>
    Setting = 0x90,

    /// <summary>Under inode 0: what a user, group or project has and may have; offset is the kind of the three, shifted up by 32, plus its id.</summary>
    Quota = 0x98,
}
