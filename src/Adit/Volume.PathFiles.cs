using System.Runtime.CompilerServices;
using System.Text;
using Adit.Directories;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Nodes;
using Adit.Paths;

namespace Adit;

/// <summary>Files and attributes by path.</summary>
public sealed partial class Volume
{
    /// <summary>Opens a regular file, making or emptying it as <paramref name="mode"/> says.</summary>
    /// <param name="path">Where; symbolic links are followed.</param>
    /// <param name="mode">As for <see cref="File"/>. With <see cref="FileMode.Append"/> the stream over it starts at the end.</param>
    /// <param name="access">What it will be used for.</param>
    /// <param name="permissions">Permission bits of a file that is made; 0644 unless given.</param>
    /// <param name="intent">Beyond reading and writing: <see cref="OpenIntent.DataSync"/> or <see cref="OpenIntent.Sync"/>.</param>
    /// <exception cref="AditException">ENOENT, EEXIST, EISDIR, EROFS, ENOSPC ...</exception>
    public AditFile OpenFile(
        string path,
        FileMode mode = FileMode.Open,
        FileAccess access = FileAccess.ReadWrite,
        uint permissions = DefaultFilePermissions,
        OpenIntent intent = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        intent = IntentOf(mode, access, intent);
        IOpenFile? file = null;
        Errno errno;
        try
        {
            errno = OpenAt(path, mode, intent, permissions, out file);
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            // Thrown below, as what it means.
        }

        ThrowUnless(errno, "open", path);
        return new AditFile(this, file!, path, access);
    }

    /// <summary>Makes a file without a name: it is gone when it is closed, or after a crash.</summary>
    /// <param name="directory">Whose group it inherits.</param>
    public AditFile OpenTemporary(string directory = "/")
    {
        IOpenFile? file = null;
        AtInode(directory, followsLast: true, "make a temporary file in", inode =>
            MakeTemporary(inode.Number, DefaultFilePermissions, OpenIntent.ReadWrite, Caller.OfProcess, retain: false, out _, out file));
        return new AditFile(this, file!, $"{directory} (temporary)", FileAccess.ReadWrite);
    }

    /// <summary>The attributes of a file, directory or link.</summary>
    /// <param name="followLink">Looks at what a symbolic link leads to, not at the link.</param>
    public NodeAttributes GetAttributes(string path, bool followLink = true)
    {
        NodeAttributes attributes = default;
        AtInode(path, followLink, "get the attributes of", inode => ReadAttributes(inode, out attributes));
        return attributes;
    }

    /// <summary>Changes attributes, all at once.</summary>
    /// <returns>The attributes afterwards.</returns>
    public NodeAttributes SetAttributes(string path, in AttributeChanges changes, bool followLink = true)
    {
        AttributeChanges wanted = changes;
        wanted.Fields |= ProcessRights.IsRoot ? AttributeFields.IgnoreQuota : 0;
        NodeAttributes attributes = default;
        AtInode(path, followLink, "set the attributes of", inode =>
            CheckWritable() is var errno and not Errno.Success ? errno
            : !MayChangeFlags(inode, in wanted) ? Errno.EPERM
            : (wanted.Fields & AttributeFields.Flags) != 0 ? ChangeFlags(inode, in wanted, default, out attributes)
            : SetAttributes(inode, in wanted, default, out attributes));
        return attributes;
    }

    /// <summary>Lists a directory, without "." and "..", in no useful order. Stable under change: what is there all the time is seen
    /// exactly once. Memory use does not grow with the directory.</summary>
    public IEnumerable<DirectoryEntry> Enumerate(string path)
    {
        InodeNumber directory = default;
        AtInode(path, followsLast: true, "list", inode =>
        {
            directory = inode.Number;
            return inode.Record.IsDirectory ? Errno.Success : Errno.ENOTDIR;
        });
        return Enumerate(directory, path);
    }

    private IEnumerable<DirectoryEntry> Enumerate(InodeNumber directory, string path)
    {
        EntryCollector collector = new();
        ulong cookie = DotDotCookie;
        for (; ; )
        {
            collector.Clear();
            Errno errno = Guard(() => ReadDirectory(directory, cookie, withAttributes: true, retain: false, collector));
            ThrowUnless(errno, "list", path);
            if (collector.Entries.Count == 0)
            {
                yield break;
            }

            foreach (DirectoryEntry entry in collector.Entries)
            {
                yield return entry;
            }

            cookie = collector.LastCookie;
        }
    }

    /// <summary>An extended attribute's value, or null when there is none of this name.</summary>
    public byte[]? GetExtendedAttribute(string path, string name, bool followLink = true)
    {
        byte[]? value = null;
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        AtInode(path, followLink, "get an attribute of", inode =>
        {
            // The value may grow between the question for its length and the copy.
            Errno errno;
            do
            {
                errno = GetExtendedAttribute(inode.Number, nameBytes, default, out int lengthBytes);
                value = errno == Errno.Success ? new byte[lengthBytes] : null;
                if (lengthBytes != 0)
                {
                    errno = GetExtendedAttribute(inode.Number, nameBytes, value, out lengthBytes);
                    value = errno == Errno.Success ? value.AsSpan(0, lengthBytes).ToArray() : null;
                }
            }
            while (errno == Errno.ERANGE && nameBytes.Length is > 0 and <= AttributeRecord.MaxNameBytes);

            return errno == Errno.ENODATA ? Errno.Success : errno;
        });
        return value;
    }

    /// <summary>Sets an extended attribute.</summary>
    /// <param name="value">At most 64 KiB.</param>
    public void SetExtendedAttribute(
        string path, string name, ReadOnlySpan<byte> value, AttributeSetMode mode = AttributeSetMode.CreateOrReplace, bool followLink = true)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        byte[] valueBytes = value.ToArray();
        AtInode(path, followLink, "set an attribute of", inode => SetExtendedAttribute(inode.Number, nameBytes, valueBytes, mode));
    }

    /// <returns>False when there was none of this name.</returns>
    public bool RemoveExtendedAttribute(string path, string name, bool followLink = true)
    {
        bool removed = false;
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        AtInode(path, followLink, "remove an attribute of", inode =>
        {
            Errno errno = RemoveExtendedAttribute(inode.Number, nameBytes);
            removed = errno == Errno.Success;
            return errno == Errno.ENODATA ? Errno.Success : errno;
        });
        return removed;
    }

    /// <summary>The names of the extended attributes.</summary>
    public IReadOnlyList<string> ListExtendedAttributes(string path, bool followLink = true)
    {
        byte[] names = [];
        int lengthBytes = 0;
        AtInode(path, followLink, "list the attributes of", inode =>
        {
            Errno errno;
            do
            {
                errno = ListExtendedAttributes(inode.Number, default, out lengthBytes);
                if (errno == Errno.Success && lengthBytes != 0)
                {
                    names = new byte[lengthBytes];
                    errno = ListExtendedAttributes(inode.Number, names, out lengthBytes);
                }
            }
            while (errno == Errno.ERANGE);

            return errno;
        });
        return Encoding.UTF8.GetString(names, 0, lengthBytes).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Everything done before is durable on return.</summary>
    /// <exception cref="AditException">EIO: the medium failed, and what was not durable may be lost.</exception>
    public void Sync() => ThrowUnless(SyncVolume(), "sync", null);

    /// <summary>Takes the log into the tree, so that the next opening has nothing to recover. Never needed for durability.</summary>
    public void CheckpointNow()
    {
        Errno errno = IsFrozen
            ? Errno.Success
            : Guard(() => RecordTimeStamps() is var recorded and not Errno.Success ? recorded : _context.Store.Checkpoint());
        ThrowUnless(errno, "checkpoint", null);
    }

    private Errno OpenAt(string path, FileMode mode, OpenIntent intent, uint permissions, out IOpenFile? file)
    {
        file = null;
        if (mode == FileMode.CreateNew)
        {
            return CreateAt(path, LastName.Leave, intent, permissions, out file);
        }

        bool mayMake = mode is FileMode.Create or FileMode.OpenOrCreate or FileMode.Append;
        for (; ; )
        {
            Errno errno = UseAt(path, followsLast: true, out Inode? inode);
            try
            {
                if (errno == Errno.Success)
                {
                    return Files.FileHandle.Open(this, inode!, intent, again: false, out file);
                }
            }
            finally
            {
                Release(inode);
            }

            if (errno != Errno.ENOENT || !mayMake)
            {
                return errno;
            }

            // Somebody else may have made it meanwhile: then it is opened.
            errno = CreateAt(path, LastName.Follow, intent, permissions, out file);
            if (errno != Errno.EEXIST)
            {
                return errno;
            }
        }
    }

    private Errno CreateAt(string path, LastName lastName, OpenIntent intent, uint permissions, out IOpenFile? file)
    {
        file = null;
        if (!IsReadOnly && TryCreateAtOnce(path, intent, permissions, out Errno errno, out file)
            && !(errno == Errno.EEXIST && lastName == LastName.Follow))
        {
            return errno;
        }

        errno = Walk(path, lastName, stackalloc byte[PathBytes.StackBytes], out PathHit hit);
        if (errno != Errno.Success || hit.Exists)
        {
            return errno == Errno.Success ? Errno.EEXIST : errno;
        }

        return hit.EndsInSlash
            ? Errno.EISDIR
            : Create(hit.Parent, hit.Name, permissions, intent, Caller.OfProcess, retain: false, out _, out file);
    }

    /// <summary>Makes a file under one hold of the namespace's lock.</summary>
    /// <returns>False when the path has to be walked to know what it means.</returns>
    [SkipLocalsInit]
    private bool TryCreateAtOnce(string path, OpenIntent intent, uint permissions, out Errno errno, out IOpenFile? file)
    {
        file = null;
        InodeRecord made = NewRecord((uint)FileType.Regular | (permissions & PermissionBits), Caller.OfProcess);
        using (new ChangeScope(_namespace, _context.Freezing))
        {
            if (!TryFindDirectoryLocked(
                path, stackalloc byte[PathBytes.StackBytes], out errno, out Inode? directory, out ReadOnlySpan<byte> name))
            {
                return false;
            }

            if (errno == Errno.Success)
            {
                errno = CheckNewName(name);
            }

            if (errno == Errno.Success)
            {
                errno = MakeLocked(directory!, name, ref made, default, retain: false, intent, out _, out file);
            }
        }

        if (errno == Errno.Success)
        {
            _context.Changes.WaitUntilTold();
        }

        return true;
    }

    private static OpenIntent IntentOf(FileMode mode, FileAccess access, OpenIntent intent)
    {
        intent &= OpenIntent.Sync;
        intent |= (access & FileAccess.Read) != 0 ? OpenIntent.Read : 0;
        intent |= (access & FileAccess.Write) != 0 ? OpenIntent.Write : 0;
        intent |= mode is FileMode.Create or FileMode.Truncate ? OpenIntent.Truncate : 0;
        intent |= mode is FileMode.Append ? OpenIntent.Append : 0;
        return intent;
    }
}
