using System.Runtime.CompilerServices;
using Adit.Format;
using Adit.Inodes;
using Adit.Metadata;

namespace Adit.Files;

/// <summary>Writing in place under the shared lock: no transaction, no allocation.</summary>
internal sealed partial class FileData
{
    /// <summary>Writes bytes whose blocks are all written, within the file's size.</summary>
    /// <returns>False when some are not, and nothing was done.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryOverwriteShared(Inode inode, long offsetBytes, ReadOnlySpan<byte> source)
    {
        long inBlock = offsetBytes & (Geometry.BlockSize - 1);
        if (inode.Record.SizeBytes - offsetBytes < source.Length
            || !inode.Extents.TryFindWritten(offsetBytes >> Geometry.BlockShift, out long block, out long runBlocks))
        {
            return false;
        }

        if ((runBlocks << Geometry.BlockShift) - inBlock >= source.Length)
        {
            _medium.Write((block << Geometry.BlockShift) + inBlock, source);
        }
        else if (!TryOverwritePieces(inode, offsetBytes, source))
        {
            return false;
        }

        if (context.CommitsAreDurable && context.Broken != BrokenVariant.SkipOverwriteFence)
        {
            _medium.Fence();
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryOverwritePieces(Inode inode, long offsetBytes, ReadOnlySpan<byte> source)
    {
        long end = BlocksFor(offsetBytes + source.Length);
        long fileBlock = BlockOf(offsetBytes);
        while (fileBlock < end)
        {
            if (!inode.Extents.TryFindWritten(fileBlock, out _, out long runBlocks))
            {
                return false;
            }

            fileBlock += runBlocks;
        }

        while (!source.IsEmpty)
        {
            inode.Extents.TryFindWritten(BlockOf(offsetBytes), out long block, out long runBlocks);
            long inBlock = offsetBytes & (Geometry.BlockSize - 1);
            int lengthBytes = (int)Math.Min((runBlocks << Geometry.BlockShift) - inBlock, source.Length);
            _medium.Write((block << Geometry.BlockShift) + inBlock, source[..lengthBytes]);
            source = source[lengthBytes..];
            offsetBytes += lengthBytes;
        }

        return true;
    }
}
