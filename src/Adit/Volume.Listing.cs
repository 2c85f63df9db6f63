using Adit.Directories;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Locking;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit;

/// <summary>Listing directories. Cookies are the entries' keys, which never change, so whatever happens to other entries between two
/// calls, no entry is missed or seen twice.</summary>
public sealed partial class Volume
{
    private const ulong DotCookie = 1;
    private const ulong DotDotCookie = 2;

    /// <summary>An entry's cookie is its key's offset and this: the next call continues behind it.</summary>
    private const ulong FirstEntryCookie = 3;

    /// <inheritdoc/>
    public Errno ReadDirectory(InodeNumber directory, ulong cookie, bool withAttributes, IDirectorySink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        try
        {
            Errno errno = ReadDirectory(directory, cookie, withAttributes, retain: withAttributes, sink);
            if (errno == Errno.Success && _context.MovesDirectoryAccessTimes)
            {
                MarkAccessed(directory);
            }

            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    private Errno ReadDirectory(InodeNumber directory, ulong cookie, bool withAttributes, bool retain, IDirectorySink sink)
    {
        InodeRecord record;
        using (new SharedScope(_namespace))
        {
            if (_isClosed)
            {
                return Errno.EBADF;
            }

            if (!TryReadRecord(directory, out record))
            {
                return Errno.ESTALE;
            }
        }

        if (!record.IsDirectory)
        {
            return Errno.ENOTDIR;
        }

        if ((cookie < DotCookie && !AcceptDots(sink, "."u8, directory, DotCookie))
            || (cookie < DotDotCookie && !AcceptDots(sink, ".."u8, new InodeNumber(record.Parent), DotDotCookie)))
        {
            return Errno.Success;
        }

        ulong next = cookie < FirstEntryCookie ? 0 : cookie - FirstEntryCookie + 1;
        using DirectoryBatch batch = new();
        while (FillBatch(batch, directory, ref next, withAttributes, retain))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                DirectoryItem item = new()
                {
                    Name = batch.NameAt(i),
                    Inode = batch[i].Inode,
                    Type = (FileType)batch[i].TypeBits,
                    Cookie = batch[i].Offset + FirstEntryCookie,
                    Attributes = batch[i].Attributes,
                };
                if (!sink.Accept(in item))
                {
                    ForgetRest(batch, i, retain);
                    return Errno.Success;
                }
            }
        }

        return Errno.Success;
    }

    private static bool AcceptDots(IDirectorySink sink, ReadOnlySpan<byte> name, InodeNumber inode, ulong cookie)
    {
        DirectoryItem item = new() { Name = name, Inode = inode, Type = FileType.Directory, Cookie = cookie };
        return sink.Accept(in item);
    }

    /// <summary>Copies the next entries while the locks are held: the sink must not run under them.</summary>
    /// <returns>False when there are none.</returns>
    private bool FillBatch(DirectoryBatch batch, InodeNumber directory, ref ulong next, bool withAttributes, bool retain)
    {
        batch.Clear();
        using SharedScope scope = new(_namespace);
        if (_isClosed || next > TreeKey.MaxOffset)
        {
            return false;
        }

        using (TreeReader tree = _context.Store.Read())
        {
            while (!batch.IsFull
                && tree.TryGetAtOrAbove(DirectoryEntryRecord.Key(directory, next), out TreeKey found, out ReadOnlySpan<byte> value)
                && found.Inode == directory && found.Kind == RecordKind.DirectoryEntry)
            {
                batch.Add(found.Offset, DirectoryEntries.Wrap(found, value));
                next = found.Offset + 1;
                if (next > TreeKey.MaxOffset)
                {
                    break;
                }
            }
        }

        for (int i = 0; withAttributes && i < batch.Count; i++)
        {
            // Nothing can be unlinked meanwhile: an entry without an inode is damage.
            if (ReadAttributes(batch[i].Inode, out batch[i].Attributes) != Errno.Success)
            {
                throw new TreeDamagedException($"{directory}: an entry names {batch[i].Inode}, which does not exist");
            }

            if (retain)
            {
                _context.Inodes.Retain(batch[i].Inode);
            }
        }

        return batch.Count != 0;
    }

    private void ForgetRest(DirectoryBatch batch, int from, bool retain)
    {
        for (int i = from; retain && i < batch.Count; i++)
        {
            Forget(batch[i].Inode, 1);
        }
    }
}
