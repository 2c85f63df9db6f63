using Adit.Format.Records;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Inodes;

/// <summary>What the flags of inodes allow, with ext4's outcomes. Each rule reads a word that is at hand anyway.</summary>
internal static class FlagRules
{
    private const uint Immutable = (uint)FileFlags.Immutable;
    private const uint AppendOnly = (uint)FileFlags.AppendOnly;
    private const uint ImmutableOrAppendOnly = Immutable | AppendOnly;

    public static bool IsImmutable(this in InodeRecord record) => (record.Flags & Immutable) != 0;

    public static bool IsAppendOnly(this in InodeRecord record) => (record.Flags & AppendOnly) != 0;

    /// <summary>Its bytes may not be changed where they are.</summary>
    public static bool IsImmutableOrAppendOnly(this in InodeRecord record) => (record.Flags & ImmutableOrAppendOnly) != 0;

    /// <summary>Whether a name may be added to a directory.</summary>
    public static Errno CheckAdding(in InodeRecord directory) => directory.IsImmutable() ? Errno.EPERM : Errno.Success;

    /// <summary>Whether an inode may lose a name in a directory.</summary>
    public static Errno CheckRemoving(in InodeRecord directory, in InodeRecord child) =>
        ((directory.Flags | child.Flags) & ImmutableOrAppendOnly) != 0 ? Errno.EPERM : Errno.Success;

    /// <summary>Whether an inode may get a name in a directory beside those it has, or one instead.</summary>
    public static Errno CheckJoining(in InodeRecord directory, in InodeRecord child)
    {
        if (directory.IsImmutable() || child.IsImmutableOrAppendOnly())
        {
            return Errno.EPERM;
        }

        return (directory.Flags & (uint)FileFlags.ProjectInherit) != 0 && directory.ProjectId != child.ProjectId ? Errno.EXDEV : Errno.Success;
    }

    /// <summary>Whether a file may be opened so.</summary>
    public static Errno CheckOpening(in InodeRecord file, OpenIntent intent)
    {
        bool writes = (intent & (OpenIntent.Write | OpenIntent.Truncate)) != 0;
        if (!writes || !file.IsImmutableOrAppendOnly())
        {
            return Errno.Success;
        }

        bool appends = (intent & (OpenIntent.Append | OpenIntent.Truncate)) == OpenIntent.Append;
        return file.IsImmutable() || !appends ? Errno.EPERM : Errno.Success;
    }

    /// <summary>Whether bytes may be written at an offset.</summary>
    public static Errno CheckWriting(in InodeRecord file, long offsetBytes) =>
        file.IsImmutable() || (file.IsAppendOnly() && offsetBytes != file.SizeBytes) ? Errno.EPERM : Errno.Success;

    /// <summary>Whether a range may be allocated, zeroed, punched or moved.</summary>
    public static Errno CheckAllocating(in InodeRecord file, AllocateMode mode) =>
        file.IsImmutable() || (file.IsAppendOnly() && (mode & ~AllocateMode.KeepSize) != 0) ? Errno.EPERM : Errno.Success;

    /// <summary>Whether attributes other than flags may be changed.</summary>
    public static Errno CheckAttributes(in InodeRecord record, AttributeFields fields)
    {
        const AttributeFields Fixed = AttributeFields.Mode | AttributeFields.UserId | AttributeFields.GroupId | AttributeFields.Size
            | AttributeFields.AccessTime | AttributeFields.ModifyTime;
        const AttributeFields Touch = AttributeFields.AccessTimeNow | AttributeFields.ModifyTimeNow;
        if (!record.IsImmutableOrAppendOnly())
        {
            return Errno.Success;
        }

        return (fields & Fixed) != 0 || (record.IsImmutable() && (fields & Touch) != 0) ? Errno.EPERM : Errno.Success;
    }

    /// <summary>Whether flags and project id may be changed so, whoever asks.</summary>
    public static Errno CheckFlags(in InodeRecord record, uint flags, uint projectId)
    {
        if ((flags & (uint)FileFlags.DirectAccess & ~record.Flags) != 0 && !record.IsRegular && !record.IsDirectory)
        {
            return Errno.EINVAL;
        }

        if ((flags & ~record.Flags & ~(uint)Allowed(in record)) != 0)
        {
            return Errno.ENOTSUP;
        }

        // An immutable inode stays as it is until it is immutable no more.
        bool staysImmutable = (record.Flags & flags & Immutable) != 0;
        return staysImmutable && (record.Flags != flags || record.ProjectId != projectId) ? Errno.EPERM : Errno.Success;
    }

    /// <summary>The flags that an inode has after a change of attributes.</summary>
    public static uint FlagsAfter(uint flags, in AttributeChanges changes)
    {
        uint mask = (changes.Fields & AttributeFields.Flags) == 0 ? 0 : changes.FlagsMask == 0 ? uint.MaxValue : changes.FlagsMask;
        return (flags & ~mask) | (changes.Flags & mask);
    }

    /// <summary>What an inode takes over from the directory that it is made in.</summary>
    public static void Inherit(ref InodeRecord made, in InodeRecord directory)
    {
        made.Flags |= directory.Flags & (uint)(FileFlags.Inherited & Allowed(in made));
        if ((directory.Flags & (uint)FileFlags.ProjectInherit) != 0)
        {
            made.ProjectId = directory.ProjectId;
        }
    }

    /// <summary>The flags that make sense for a type of inode.</summary>
    public static FileFlags Allowed(FileType type) => type switch
    {
        FileType.Directory => FileFlags.All,
        FileType.Regular => FileFlags.All & ~(FileFlags.DirectorySync | FileFlags.ProjectInherit),
        _ => FileFlags.NoDump | FileFlags.NoAccessTime,
    };

    private static FileFlags Allowed(in InodeRecord record) => Allowed((FileType)record.TypeBits);
}
