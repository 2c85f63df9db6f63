using System.Runtime.CompilerServices;
using Adit.Checksums;
using Adit.Extents;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Trees;

namespace Adit.Files;

/// <summary>Reading files that are not accessed directly: each block is copied, and what was copied is verified. Allocates nothing.</summary>
internal sealed unsafe partial class FileData
{
    private const int NoGroup = -1;

    /// <summary>Copies bytes within the file's size, up to the first block that is not what was written.</summary>
    /// <param name="readBytes">How many are good, from the start.</param>
    /// <returns>EIO when the first block is bad already.</returns>
    [SkipLocalsInit]
    public Errno ReadPrivateShared(Inode inode, long offsetBytes, Span<byte> destination, out int readBytes)
    {
        readBytes = 0;
        Span<byte> block = stackalloc byte[Geometry.BlockSize];
        ChecksumGroup group = default;
        long loaded = NoGroup;
        while (!destination.IsEmpty)
        {
            Errno errno = CopyVerified(inode, BlockOf(offsetBytes), block, ref group, ref loaded);
            if (errno != Errno.Success)
            {
                if (readBytes == 0)
                {
                    return errno;
                }

                // Told to nobody: whoever reads on meets the block again.
                ChecksumMismatch.LastOfThread = null;
                return Errno.Success;
            }

            int inBlock = (int)(offsetBytes & (Geometry.BlockSize - 1));
            int count = Math.Min(Geometry.BlockSize - inBlock, destination.Length);
            block.Slice(inBlock, count).CopyTo(destination);
            destination = destination[count..];
            offsetBytes += count;
            readBytes += count;
        }

        return Errno.Success;
    }

    /// <summary>Verifies every block of a range where it lies.</summary>
    /// <returns>EIO when one is not what was written.</returns>
    [SkipLocalsInit]
    public Errno VerifyShared(Inode inode, long offsetBytes, long lengthBytes)
    {
        if (!inode.Record.KeepsChecksums)
        {
            return Errno.Success;
        }

        Span<byte> block = stackalloc byte[Geometry.BlockSize];
        ChecksumGroup group = default;
        long loaded = NoGroup;
        long end = BlocksFor(offsetBytes + lengthBytes);
        for (long fileBlock = BlockOf(offsetBytes); fileBlock < end; fileBlock++)
        {
            Errno errno = CopyVerified(inode, fileBlock, block, ref group, ref loaded);
            if (errno != Errno.Success)
            {
                return errno;
            }
        }

        return Errno.Success;
    }

    /// <summary>Copies a file block and verifies the copy. Zeros of a hole, and blocks that were last written directly, have nothing to be
    /// verified against.</summary>
    /// <param name="group">Checksums at hand.</param>
    /// <param name="loaded">Which they are.</param>
    private Errno CopyVerified(Inode inode, long fileBlock, Span<byte> block, ref ChecksumGroup group, ref long loaded)
    {
        byte* start = FindRun(inode, fileBlock << Geometry.BlockShift, Geometry.BlockSize, out _);
        if (start == ZeroPages.Start)
        {
            block.Clear();
            return Errno.Success;
        }

        new ReadOnlySpan<byte>(start, Geometry.BlockSize).CopyTo(block);
        if (!inode.Record.KeepsChecksums)
        {
            return Errno.Success;
        }

        if (ChecksumGroup.GroupOf(fileBlock) != loaded)
        {
            loaded = ChecksumGroup.GroupOf(fileBlock);
            using TreeReader tree = _store.Read();
            group.Load(in tree, inode.Number, loaded, inode.Record.ChecksumEpoch);
        }

        if (!group.TryGet(fileBlock, out uint expected))
        {
            return Errno.Success;
        }

        uint found = Checksum.Of(block);
        if (found == expected)
        {
            return Errno.Success;
        }

        ChecksumMismatch.LastOfThread = new ChecksumMismatch(inode.Number, fileBlock << Geometry.BlockShift, expected, found);
        context.CountChecksumError();
        return Errno.EIO;
    }
}
