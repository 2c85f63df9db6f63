using System.Runtime.CompilerServices;
using Adit.Directories;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Trees;
using Adit.Paths;

namespace Adit;

/// <summary>From paths to inodes. A path is UTF-8 in the volume; it starts at the root whether or not it begins with a slash.</summary>
public sealed partial class Volume
{
    private const int MaxLinksOnPath = 40;

    /// <summary>Walks a path; needs the namespace's lock.</summary>
    /// <returns>Success also when only the last name is missing.</returns>
    private Errno WalkShared(ReadOnlySpan<byte> path, LastName lastName, out PathHit hit)
    {
        hit = PathHit.OfDirectory(InodeNumber.Root);
        if (_isClosed)
        {
            return Errno.EBADF;
        }

        using TreeReader tree = _context.Store.Read();
        ReadOnlySpan<byte> rest = path;
        int linkCount = 0;
        while (TakeName(ref rest, out ReadOnlySpan<byte> name, out bool isLast, out bool endsInSlash))
        {
            if (!hit.IsDirectory || !hit.Exists)
            {
                return hit.Exists ? Errno.ENOTDIR : Errno.ENOENT;
            }

            InodeNumber directory = hit.Inode;
            Errno errno = StepShared(in tree, directory, name, looks: !isLast || lastName != LastName.Leave, out hit);
            if (errno != Errno.Success)
            {
                return errno;
            }

            hit.EndsInSlash = endsInSlash;
            if (hit.Exists && hit.IsSymbolicLink && (!isLast || lastName == LastName.Follow || endsInSlash))
            {
                if (++linkCount > MaxLinksOnPath)
                {
                    return Errno.ELOOP;
                }

                errno = FollowShared(in tree, hit.Inode, hit.EndsInSlash, rest, out rest);
                if (errno != Errno.Success)
                {
                    return errno;
                }

                hit = PathHit.OfDirectory(rest is [] or [(byte)'/', ..] ? InodeNumber.Root : directory);
            }
        }

        return hit.Exists && hit.EndsInSlash && !hit.IsDirectory ? Errno.ENOTDIR : Errno.Success;
    }

    private Errno StepShared(scoped in TreeReader tree, InodeNumber directory, ReadOnlySpan<byte> name, bool looks, out PathHit hit)
    {
        if (EntryName.IsDots(name))
        {
            InodeNumber target = directory;
            if (EntryName.IsDotDot(name))
            {
                if (!TryReadRecord(in tree, directory, out InodeRecord record))
                {
                    hit = default;
                    return Errno.EIO;
                }

                target = new InodeNumber(record.Parent);
            }

            hit = PathHit.OfDirectory(target);
            return Errno.Success;
        }

        hit = new PathHit { Parent = directory, Name = name };
        Errno errno = EntryName.Check(name);
        if (errno == Errno.Success && looks)
        {
            DirectoryHit found = DirectoryEntries.Find(in tree, in _context.Names, directory, name);
            hit.Inode = found.Inode;
            hit.Exists = found.Exists;
            hit.TypeBits = found.TypeBits;
        }

        return errno;
    }

    /// <summary>Puts a symbolic link's target in front of the rest of the path.</summary>
    private static Errno FollowShared(
        scoped in TreeReader tree, InodeNumber link, bool endsInSlash, scoped ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> path)
    {
        path = default;
        if (!TryReadRecord(in tree, link, out InodeRecord record))
        {
            return Errno.EIO;
        }

        byte[] joined = new byte[record.SizeBytes + 1 + rest.Length];
        Errno errno = ReadTarget(in tree, link, record.SizeBytes, joined, out int lengthBytes);
        if (errno != Errno.Success)
        {
            return errno;
        }

        bool hasRest = !rest.IsEmpty || endsInSlash;
        joined[lengthBytes] = (byte)'/';
        rest.CopyTo(joined.AsSpan(lengthBytes + 1));
        path = joined.AsSpan(0, hasRest ? joined.Length : lengthBytes);
        return Errno.Success;
    }

    /// <summary>Takes the next name off a path.</summary>
    /// <param name="endsInSlash">It is the last, with a slash behind it.</param>
    private static bool TakeName(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> name, out bool isLast, out bool endsInSlash)
    {
        ReadOnlySpan<byte> path = rest;
        int start = SkipSlashes(path, 0);
        int end = start;
        while (end < path.Length && path[end] != (byte)'/')
        {
            end++;
        }

        int next = SkipSlashes(path, end);
        name = path[start..end];
        isLast = next == path.Length;
        endsInSlash = isLast && next > end;
        rest = isLast ? default : path[next..];
        return start < end;
    }

    private static int SkipSlashes(ReadOnlySpan<byte> path, int from)
    {
        while (from < path.Length && path[from] == (byte)'/')
        {
            from++;
        }

        return from;
    }

    /// <summary>Walks a path to what exists, and uses its inode.</summary>
    private Errno UseAt(string path, bool followsLast, out Inode? inode)
    {
        inode = null;
        ReadOnlySpan<byte> bytes = PathBytes.Encode(path, stackalloc byte[PathBytes.StackBytes]);
        using SharedScope scope = new(_namespace);
        Errno errno = WalkShared(bytes, followsLast ? LastName.Follow : LastName.Find, out PathHit hit);
        if (errno == Errno.Success)
        {
            errno = hit.Exists ? Use(hit.Inode, out inode) : Errno.ENOENT;
        }

        return errno;
    }

    /// <summary>Walks a path to its last name, which need not exist.</summary>
    /// <param name="scratch">For the path's bytes; see <see cref="PathBytes"/>.</param>
    private Errno Walk(string path, LastName lastName, Span<byte> scratch, out PathHit hit)
    {
        ReadOnlySpan<byte> bytes = PathBytes.Encode(path, scratch);
        using SharedScope scope = new(_namespace);
        return WalkShared(bytes, lastName, out hit);
    }

    /// <summary>Finds the directory that a path's last name is in; needs the namespace's lock exclusively, and the directory may be
    /// used as long as that is held.</summary>
    /// <param name="scratch">For the name's bytes; see <see cref="PathBytes"/>.</param>
    /// <returns>False when the path does not end in a plain name: then only a walk tells what it means.</returns>
    [SkipLocalsInit]
    private bool TryFindDirectoryLocked(
        string path, Span<byte> scratch, out Errno errno, out Inode? directory, out ReadOnlySpan<byte> name)
    {
        int nameStart = path.LastIndexOf('/') + 1;
        ReadOnlySpan<char> last = path.AsSpan(nameStart);
        directory = null;
        name = default;
        errno = Errno.Success;
        if (last is "" or "." or "..")
        {
            return false;
        }

        name = PathBytes.Encode(last, scratch);
        ReadOnlySpan<char> prefix = path.AsSpan(0, nameStart);
        if (_directories.TryGet(prefix, out directory))
        {
            return true;
        }

        errno = WalkShared(PathBytes.Encode(prefix, stackalloc byte[PathBytes.StackBytes]), LastName.Follow, out PathHit hit);
        if (errno == Errno.Success)
        {
            errno = !hit.Exists ? Errno.ENOENT : hit.IsDirectory ? Use(hit.Inode, out directory) : Errno.ENOTDIR;
        }

        if (errno == Errno.Success)
        {
            _directories.Put(prefix, directory!);
        }

        return true;
    }
}
