using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>SEEK_DATA and SEEK_HOLE. Unwritten blocks are holes; there is a hole at the end of every file.</summary>
internal sealed partial class FileData
{
    /// <summary>Finds the next data or hole at or behind an offset. Reads the tree, not the map.</summary>
    public Errno SeekShared(Inode inode, long offsetBytes, SeekTarget target, out long foundBytes)
    {
        foundBytes = 0;
        long sizeBytes = inode.Record.SizeBytes;
        if (offsetBytes < 0 || offsetBytes >= sizeBytes)
        {
            return Errno.ENXIO;
        }

        long fileBlock = BlockOf(offsetBytes);
        using TreeReader tree = _store.Read();
        while (fileBlock << Geometry.BlockShift < sizeBytes)
        {
            bool exists = ExtentMap.TryReadAtOrBehind(in tree, _store, inode.Number, fileBlock, out long first, out ExtentRecord extent);
            bool isData = exists && first <= fileBlock && !extent.IsUnwritten;
            if (isData == (target == SeekTarget.Data))
            {
                foundBytes = Math.Max(offsetBytes, fileBlock << Geometry.BlockShift);
                return Errno.Success;
            }

            if (!exists)
            {
                break;
            }

            fileBlock = first > fileBlock ? first : first + extent.BlockCount;
        }

        foundBytes = sizeBytes;
        return target == SeekTarget.Hole ? Errno.Success : Errno.ENXIO;
    }
}
