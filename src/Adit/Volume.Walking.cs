using System.Text;
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
    private Errno WalkShared(string path, LastName lastName, out PathHit hit)
    {
        hit = default;
        if (_isClosed)
        {
            return Errno.EBADF;
        }

        ReadOnlyMemory<byte> rest = Encoding.UTF8.GetBytes(path);
        using TreeReader tree = _context.Store.Read();
        InodeNumber at = InodeNumber.Root;
        PathHit last = new(at, default, at, true, 0x4000, false);
        int linkCount = 0;
        while (TakeName(ref rest, out ReadOnlyMemory<byte> name, out bool isLast, out bool endsInSlash))
        {
            if (!last.Exists || !last.IsDirectory)
            {
                return last.Exists ? Errno.ENOTDIR : Errno.ENOENT;
            }

            at = last.Inode;
            Errno errno = StepShared(in tree, at, name, looks: !isLast || lastName != LastName.Leave, out last);
            if (errno != Errno.Success)
            {
                return errno;
            }

            last = last with { EndsInSlash = endsInSlash };
            if (last.Exists && last.IsSymbolicLink && (!isLast || lastName == LastName.Follow || endsInSlash))
            {
                if (++linkCount > MaxLinksOnPath)
                {
                    return Errno.ELOOP;
                }

                errno = FollowShared(in tree, at, ref rest, ref last);
                if (errno != Errno.Success)
                {
                    return errno;
                }
            }
        }

        hit = last;
        return last.Exists && last.EndsInSlash && !last.IsDirectory ? Errno.ENOTDIR : Errno.Success;
    }

    private Errno StepShared(in TreeReader tree, InodeNumber directory, ReadOnlyMemory<byte> name, bool looks, out PathHit hit)
    {
        hit = default;
        ReadOnlySpan<byte> bytes = name.Span;
        if (EntryName.IsDots(bytes))
        {
            InodeNumber target = directory;
            if (EntryName.IsDotDot(bytes))
            {
                if (!TryReadRecord(in tree, directory, out InodeRecord record))
                {
                    return Errno.EIO;
                }

                target = new InodeNumber(record.Parent);
            }

            hit = new PathHit(target, default, target, true, 0x4000, false);
            return Errno.Success;
        }

        Errno errno = EntryName.Check(bytes);
        if (errno == Errno.Success)
        {
            DirectoryHit found = looks ? DirectoryEntries.Find(in tree, in _context.Names, directory, bytes) : default;
            hit = new PathHit(directory, name, found.Inode, found.Exists, found.TypeBits, false);
        }

        return errno;
    }

    /// <summary>Puts a symbolic link's target in front of the rest of the path.</summary>
    private static Errno FollowShared(in TreeReader tree, InodeNumber directory, ref ReadOnlyMemory<byte> rest, ref PathHit last)
    {
        if (!TryReadRecord(in tree, last.Inode, out InodeRecord record))
        {
            return Errno.EIO;
        }

        byte[] joined = new byte[record.SizeBytes + 1 + rest.Length];
        Errno errno = ReadTarget(in tree, last.Inode, record.SizeBytes, joined, out int lengthBytes);
        if (errno != Errno.Success)
        {
            return errno;
        }

        bool hasRest = !rest.IsEmpty || last.EndsInSlash;
        joined[lengthBytes] = (byte)'/';
        rest.Span.CopyTo(joined.AsSpan(lengthBytes + 1));
        bool isAbsolute = joined[0] == (byte)'/';
        rest = joined.AsMemory(0, hasRest ? joined.Length : lengthBytes);
        InodeNumber from = isAbsolute ? InodeNumber.Root : directory;
        last = new PathHit(from, default, from, true, 0x4000, false);
        return Errno.Success;
    }

    /// <summary>Takes the next name off a path.</summary>
    /// <param name="endsInSlash">It is the last, with a slash behind it.</param>
    private static bool TakeName(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> name, out bool isLast, out bool endsInSlash)
    {
        ReadOnlySpan<byte> span = rest.Span;
        int start = span.IndexOfAnyExcept((byte)'/');
        if (start < 0)
        {
            rest = default;
            name = default;
            isLast = true;
            endsInSlash = false;
            return false;
        }

        int length = span[start..].IndexOf((byte)'/');
        int end = length < 0 ? span.Length : start + length;
        name = rest[start..end];
        rest = rest[end..];
        isLast = rest.Span.IndexOfAnyExcept((byte)'/') < 0;
        endsInSlash = isLast && !rest.IsEmpty;
        return true;
    }

    /// <summary>Walks a path to what exists, and uses its inode.</summary>
    private Errno UseAt(string path, bool followsLast, out Inode? inode)
    {
        inode = null;
        using SharedScope scope = new(_namespace);
        Errno errno = WalkShared(path, followsLast ? LastName.Follow : LastName.Find, out PathHit hit);
        if (errno == Errno.Success)
        {
            errno = hit.Exists ? Use(hit.Inode, out inode) : Errno.ENOENT;
        }

        return errno;
    }

    /// <summary>Walks a path to its last name, which need not exist.</summary>
    private Errno Walk(string path, LastName lastName, out PathHit hit)
    {
        using SharedScope scope = new(_namespace);
        return WalkShared(path, lastName, out hit);
    }
}
