using System.Runtime.CompilerServices;
using System.Text;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Nodes;
using Adit.Paths;

namespace Adit;

/// <summary>The volume by path, for programs. Outcomes that are not what was asked for are <see cref="AditException"/>s.</summary>
public sealed partial class Volume
{
    private const uint DefaultFilePermissions = 0x1A4;
    private const uint DefaultDirectoryPermissions = 0x1ED;

    /// <summary>Makes a directory.</summary>
    /// <param name="path">Where.</param>
    /// <param name="permissions">Its permission bits; 0755 unless given.</param>
    /// <param name="parents">Makes missing directories on the way too, and is content with one that exists.</param>
    /// <exception cref="AditException">EEXIST, ENOENT, ENOTDIR, ENOSPC ...</exception>
    public void CreateDirectory(string path, uint permissions = DefaultDirectoryPermissions, bool parents = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!parents)
        {
            MakeDirectoryAt(path, permissions, mayExist: false);
            return;
        }

        for (int slash = path.IndexOf('/', 1 <= path.Length ? 1 : 0); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            MakeDirectoryAt(path[..slash], permissions, mayExist: true);
        }

        MakeDirectoryAt(path, permissions, mayExist: true);
    }

    private void MakeDirectoryAt(string path, uint permissions, bool mayExist)
    {
        Errno errno = Guard(() => Walk(path, mayExist ? LastName.Follow : LastName.Find, stackalloc byte[PathBytes.StackBytes], out PathHit hit) switch
        {
            Errno.Success when hit.Exists => mayExist && hit.IsDirectory ? Errno.Success : Errno.EEXIST,
            Errno.Success => MakeAndForget(hit, permissions, mayExist),
            Errno other => other,
        });
        ThrowUnless(errno, "make directory", path);
    }

    private Errno MakeAndForget(PathHit hit, uint permissions, bool mayExist)
    {
        Errno errno = MakeDirectory(hit.Parent, hit.Name, permissions, Caller.OfProcess, out NodeAttributes made);
        if (errno == Errno.Success)
        {
            Forget(made.Inode, 1);
        }

        return errno == Errno.EEXIST && mayExist ? Errno.Success : errno;
    }

    /// <summary>Takes away the name of a file, link or special file; the last name takes the file along, once it is closed.</summary>
    public void Delete(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        bool isDone;
        Errno errno;
        try
        {
            isDone = TryDeleteAtOnce(path, out errno);
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            isDone = true;
        }

        if (isDone)
        {
            ThrowUnless(errno, "delete", path);
        }
        else
        {
            AtName(path, "delete", static (volume, parent, name) => volume.Unlink(parent, name));
        }
    }

    /// <summary>Takes a name away under one hold of the namespace's lock.</summary>
    /// <returns>False when the path has to be walked to know what it means.</returns>
    [SkipLocalsInit]
    private bool TryDeleteAtOnce(string path, out Errno errno)
    {
        Inode? child = null;
        try
        {
            using ChangeScope names = new(_namespace, _context.Freezing);
            if (!TryFindDirectoryLocked(
                path, stackalloc byte[PathBytes.StackBytes], out errno, out Inode? directory, out ReadOnlySpan<byte> name))
            {
                return false;
            }

            if (errno == Errno.Success)
            {
                errno = CheckOldName(name, isDirectory: false);
            }

            if (errno == Errno.Success)
            {
                errno = RemoveNameLocked(directory!, name, isDirectory: false, out child);
            }

            return true;
        }
        finally
        {
            Release(child);
            _context.Changes.WaitUntilTold();
        }
    }

    /// <summary>Takes a directory away.</summary>
    /// <param name="path">Which.</param>
    /// <param name="recursive">With all that is in it, one transaction for each entry; else it must be empty.</param>
    public void DeleteDirectory(string path, bool recursive = false)
    {
        if (recursive)
        {
            foreach (DirectoryEntry entry in Enumerate(path))
            {
                string child = $"{path.TrimEnd('/')}/{entry.Name}";
                if (entry.Type == FileType.Directory)
                {
                    DeleteDirectory(child, recursive: true);
                }
                else
                {
                    Delete(child);
                }
            }
        }

        AtName(path, "delete directory", static (volume, parent, name) => volume.RemoveDirectory(parent, name));
    }

    /// <summary>Renames or moves, in one step that a crash does not divide.</summary>
    public void Move(string from, string to, RenameFlags flags = RenameFlags.None)
    {
        ArgumentNullException.ThrowIfNull(to);
        Errno errno = Guard(() =>
        {
            Errno walked = Walk(from, LastName.Find, stackalloc byte[PathBytes.StackBytes], out PathHit source);
            if (walked != Errno.Success || !source.Exists)
            {
                return walked == Errno.Success ? Errno.ENOENT : walked;
            }

            walked = Walk(to, LastName.Find, stackalloc byte[PathBytes.StackBytes], out PathHit target);
            if (walked != Errno.Success)
            {
                return walked;
            }

            if (source.Name.IsEmpty || target.Name.IsEmpty)
            {
                return Errno.EBUSY;
            }

            return target.EndsInSlash && !source.IsDirectory
                ? Errno.ENOTDIR
                : Rename(source.Parent, source.Name, target.Parent, target.Name, flags);
        });
        ThrowUnless(errno, "move", $"{from} to {to}");
    }

    /// <summary>Gives a file another name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="newPath">The new name.</param>
    public void CreateLink(string path, string newPath)
    {
        Errno errno = Guard(() =>
        {
            Errno walked = UseAt(path, followsLast: false, out Inode? inode);
            try
            {
                if (walked == Errno.Success)
                {
                    walked = Walk(newPath, LastName.Find, stackalloc byte[PathBytes.StackBytes], out PathHit target);
                    if (walked == Errno.Success)
                    {
                        walked = target.Name.IsEmpty ? Errno.EEXIST
                            : target.EndsInSlash ? Errno.ENOENT
                            : Link(inode!.Number, target.Parent, target.Name, retain: false, out _);
                    }
                }

                return walked;
            }
            finally
            {
                Release(inode);
            }
        });
        ThrowUnless(errno, "link", $"{path} as {newPath}");
    }

    /// <summary>Makes a symbolic link.</summary>
    /// <param name="path">Where.</param>
    /// <param name="target">What it says; 1 to 4095 bytes of UTF-8, need not exist.</param>
    public void CreateSymbolicLink(string path, string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        AtName(path, "make symbolic link", (_, parent, name) =>
        {
            Errno errno = MakeSymbolicLink(parent, name, Encoding.UTF8.GetBytes(target), Caller.OfProcess, out NodeAttributes made);
            if (errno == Errno.Success)
            {
                Forget(made.Inode, 1);
            }

            return errno;
        });
    }

    /// <summary>What a symbolic link says.</summary>
    public string ReadLink(string path)
    {
        byte[] target = new byte[SymlinkPiece.MaxTargetBytes];
        int lengthBytes = 0;
        AtInode(path, followsLast: false, "read link", inode => ReadSymbolicLink(inode.Number, target, out lengthBytes));
        return Encoding.UTF8.GetString(target, 0, lengthBytes);
    }

    /// <summary>Whether a path leads somewhere.</summary>
    /// <param name="followLink">Looks at what a symbolic link leads to, not at the link.</param>
    public bool Exists(string path, bool followLink = true)
    {
        bool exists = false;
        Errno errno = Guard(() =>
        {
            Errno walked = Walk(path, followLink ? LastName.Follow : LastName.Find, stackalloc byte[PathBytes.StackBytes], out PathHit hit);
            exists = walked == Errno.Success && hit.Exists;
            return walked;
        });
        if (errno is not (Errno.Success or Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ENAMETOOLONG))
        {
            ThrowUnless(errno, "look for", path);
        }

        return exists;
    }

    /// <summary>Walks to the last name of a path and does something with it.</summary>
    private void AtName(string path, string operation, NameAction action)
    {
        ArgumentNullException.ThrowIfNull(path);
        Errno errno;
        try
        {
            // The operation looks for the name itself; only a slash behind it asks what it is first.
            errno = Walk(path, path.EndsWith('/') ? LastName.Find : LastName.Leave, stackalloc byte[PathBytes.StackBytes], out PathHit hit);
            if (errno == Errno.Success)
            {
                errno = hit.Name.IsEmpty ? Errno.EBUSY : action(this, hit.Parent, hit.Name);
            }
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out errno))
        {
            // Thrown below, as what it means.
        }

        ThrowUnless(errno, operation, path);
    }

    /// <summary>Walks to an inode that exists and does something with it while it is in use.</summary>
    private void AtInode(string path, bool followsLast, string operation, Func<Inode, Errno> action)
    {
        ArgumentNullException.ThrowIfNull(path);
        Errno errno = Guard(() =>
        {
            Errno walked = UseAt(path, followsLast, out Inode? inode);
            try
            {
                return walked == Errno.Success ? action(inode!) : walked;
            }
            finally
            {
                Release(inode);
            }
        });
        ThrowUnless(errno, operation, path);
    }

    private delegate Errno NameAction(Volume volume, InodeNumber parent, ReadOnlySpan<byte> name);

    /// <summary>Turns what comes up from media into an outcome.</summary>
    private static Errno Guard(Func<Errno> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    internal void ThrowUnless(Errno errno, string operation, string? path)
    {
        if (errno == Errno.Success)
        {
            return;
        }

        Exception? failure = _context.Store.Failure;
        string reason = errno == Errno.EIO && failure is not null
            ? $"the volume stopped accepting changes: {failure.Message}"
            : ErrnoReasons.Of(errno);
        throw new AditException(errno, operation, path, reason, failure);
    }

    private static AditException ToAdit(Exception exception, string operation, string path)
    {
        Errno errno = exception switch
        {
            Media.MediumException medium => medium.Errno,
            Metadata.VolumeException volume => volume.Errno,
            FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
            UnauthorizedAccessException => Errno.EACCES,
            _ => Errno.EIO,
        };
        return new AditException(errno, operation, path, exception.Message, exception);
    }
}
