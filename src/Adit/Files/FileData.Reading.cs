using System.Runtime.CompilerServices;
using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit.Files;

/// <summary>Reading. Allocates nothing.</summary>
internal sealed unsafe partial class FileData
{
    /// <summary>Copies bytes within the file's size. The range must lie within it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadShared(Inode inode, long offsetBytes, Span<byte> destination)
    {
        long inBlock = offsetBytes & (Geometry.BlockSize - 1);
        if (inode.Extents.TryFindWritten(offsetBytes >> Geometry.BlockShift, out long block, out long runBlocks)
            && (runBlocks << Geometry.BlockShift) - inBlock >= destination.Length)
        {
            new ReadOnlySpan<byte>(_medium.Start + (block << Geometry.BlockShift) + inBlock, destination.Length).CopyTo(destination);
            return;
        }

        ReadPieces(inode, offsetBytes, destination);
    }

    /// <summary>Finds the bytes of a range within the file's size on the medium.</summary>
    /// <returns>How many bytes the segments hold.</returns>
    public int FindSegmentsShared(Inode inode, long offsetBytes, int wantedBytes, Span<MediumSegment> segments, out int segmentCount)
    {
        segmentCount = 0;
        int doneBytes = 0;
        while (doneBytes < wantedBytes && segmentCount < segments.Length)
        {
            byte* start = FindRun(inode, offsetBytes + doneBytes, wantedBytes - doneBytes, out int lengthBytes);
            segments[segmentCount++] = new MediumSegment(start, lengthBytes);
            doneBytes += lengthBytes;
        }

        return doneBytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReadPieces(Inode inode, long offsetBytes, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            byte* start = FindRun(inode, offsetBytes, destination.Length, out int lengthBytes);
            if (start == ZeroPages.Start)
            {
                destination[..lengthBytes].Clear();
            }
            else
            {
                new ReadOnlySpan<byte>(start, lengthBytes).CopyTo(destination);
            }

            destination = destination[lengthBytes..];
            offsetBytes += lengthBytes;
        }
    }

    /// <summary>Finds where the byte at an offset is, and how many follow it there.</summary>
    /// <returns>A place on the medium, or <see cref="ZeroPages.Start"/> for a hole.</returns>
    private byte* FindRun(Inode inode, long offsetBytes, int wantedBytes, out int lengthBytes)
    {
        long fileBlock = BlockOf(offsetBytes);
        long inBlock = offsetBytes & (Geometry.BlockSize - 1);
        ExtentRecord extent;
        long first;
        ExtentMap map = inode.Extents;
        if (map.Covers(fileBlock, fileBlock + 1))
        {
            int index = map.IndexOf(fileBlock);
            index = index < 0 ? ~index : index;
            if (index == map.Count)
            {
                // Nothing is known behind the cover: the next block decides for itself.
                long holeBlocks = map.IsComplete ? long.MaxValue >> Geometry.BlockShift : 1;
                return Zeros(inBlock, holeBlocks, wantedBytes, out lengthBytes);
            }

            first = map.FileBlockAt(index);
            extent = map.ExtentAt(index);
        }
        else
        {
            using TreeReader tree = _store.Read();
            if (!ExtentMap.TryReadAtOrBehind(in tree, _store, inode.Number, fileBlock, out first, out extent))
            {
                return Zeros(inBlock, long.MaxValue >> Geometry.BlockShift, wantedBytes, out lengthBytes);
            }
        }

        if (first > fileBlock)
        {
            return Zeros(inBlock, first - fileBlock, wantedBytes, out lengthBytes);
        }

        long runBlocks = first + extent.BlockCount - fileBlock;
        if (extent.IsUnwritten)
        {
            return Zeros(inBlock, runBlocks, wantedBytes, out lengthBytes);
        }

        lengthBytes = (int)Math.Min((runBlocks << Geometry.BlockShift) - inBlock, wantedBytes);
        return _medium.Start + ((extent.Start.Value + fileBlock - first) << Geometry.BlockShift) + inBlock;
    }

    private static byte* Zeros(long inBlock, long holeBlocks, int wantedBytes, out int lengthBytes)
    {
        lengthBytes = (int)Math.Min(Math.Min((holeBlocks << Geometry.BlockShift) - inBlock, wantedBytes), ZeroPages.LengthBytes);
        return ZeroPages.Start;
    }
}
