using Adit.Format;
using Adit.Metadata;
using Adit.Metadata.Trees;

namespace Adit.Extents;

internal sealed partial class ExtentMap
{
    /// <summary>A file with no more extents than this has them all in memory while it is in use.</summary>
    private const int MaxComplete = 16384;

    /// <summary>Extents read beyond those asked for when a file has too many to keep them all.</summary>
    private const int WindowSlack = 256;

    /// <summary>Reads extents from the tree so that the map covers these file blocks and one on either side. Allocates.</summary>
    /// <exception cref="TreeDamagedException">The tree, or an extent in it, is damaged.</exception>
    public void Load(MetadataStore store, InodeNumber inode, long fileBlock, long endFileBlock)
    {
        long from = Math.Max(fileBlock - 1, 0);
        long to = Math.Min(endFileBlock + 1, MaxFileBlocks);
        if (Covers(from, to))
        {
            return;
        }

        Clear();
        using TreeReader tree = store.Read();
        if (_windowed || !TryLoadAll(in tree, store, inode))
        {
            _windowed = true;
            LoadWindow(in tree, store, inode, from, to);
        }
    }

    /// <summary>Reads one extent from the tree, without keeping it: the one that holds a file block, or the next behind it.</summary>
    /// <returns>False when there is none.</returns>
    public static bool TryReadAtOrBehind(
        in TreeReader tree, MetadataStore store, InodeNumber inode, long fileBlock, out long extentFileBlock, out ExtentRecord extent)
    {
        TreeKey wanted = Key(inode, fileBlock);
        if (tree.TryGetAtOrBelow(wanted, out TreeKey found, out ReadOnlySpan<byte> value) && IsExtentOf(found, inode))
        {
            extent = Check(store, found, value, 0);
            extentFileBlock = (long)found.Offset;
            if (extentFileBlock + extent.BlockCount > fileBlock)
            {
                return true;
            }
        }

        if (tree.TryGetAtOrAbove(wanted, out found, out value) && IsExtentOf(found, inode))
        {
            extent = Check(store, found, value, 0);
            extentFileBlock = (long)found.Offset;
            return true;
        }

        extentFileBlock = 0;
        extent = default;
        return false;
    }

    public static TreeKey Key(InodeNumber inode, long fileBlock) => new(inode, RecordKind.Extent, (ulong)fileBlock);

    private bool _windowed;

    private bool TryLoadAll(in TreeReader tree, MetadataStore store, InodeNumber inode)
    {
        long end = 0;
        TreeKey next = Key(inode, 0);
        while (tree.TryGetAtOrAbove(next, out TreeKey found, out ReadOnlySpan<byte> value) && IsExtentOf(found, inode))
        {
            if (Count == MaxComplete)
            {
                Clear();
                return false;
            }

            ExtentRecord extent = Check(store, found, value, end);
            InsertAt(Count, (long)found.Offset, extent);
            end = (long)found.Offset + extent.BlockCount;
            next = found.Next();
        }

        _coverEnd = MaxFileBlocks;
        return true;
    }

    private void LoadWindow(in TreeReader tree, MetadataStore store, InodeNumber inode, long from, long to)
    {
        long end = 0;
        TreeKey next = Key(inode, from);
        _coverStart = from;
        if (tree.TryGetAtOrBelow(next, out TreeKey found, out ReadOnlySpan<byte> value) && IsExtentOf(found, inode))
        {
            ExtentRecord extent = Check(store, found, value, 0);
            InsertAt(Count, (long)found.Offset, extent);
            end = (long)found.Offset + extent.BlockCount;
            _coverStart = Math.Min(from, (long)found.Offset);
            next = found.Next();
        }

        int slack = WindowSlack;
        while (tree.TryGetAtOrAbove(next, out found, out value) && IsExtentOf(found, inode))
        {
            if ((long)found.Offset >= to && slack-- == 0)
            {
                _coverEnd = Math.Max(end, to);
                return;
            }

            ExtentRecord extent = Check(store, found, value, end);
            InsertAt(Count, (long)found.Offset, extent);
            end = (long)found.Offset + extent.BlockCount;
            next = found.Next();
        }

        _coverEnd = MaxFileBlocks;
    }

    private static bool IsExtentOf(TreeKey key, InodeNumber inode) => key.Inode == inode && key.Kind == RecordKind.Extent;

    /// <summary>What the tree says is checked once here, so that nothing behind trusts a medium.</summary>
    private static ExtentRecord Check(MetadataStore store, TreeKey key, ReadOnlySpan<byte> value, long behind)
    {
        if (value.Length == ExtentRecord.SizeBytes)
        {
            ExtentRecord extent = ExtentRecord.Read(value);
            long mediumBlocks = store.Medium.LengthBytes >> Geometry.BlockShift;
            if (extent.Start.Value > 0 && extent.BlockCount > 0
                && extent.Start.Value <= mediumBlocks - extent.BlockCount
                && (long)key.Offset >= behind && (long)key.Offset <= MaxFileBlocks - extent.BlockCount
                && (extent.Flags & ~ExtentFlags.Unwritten) == 0)
            {
                return extent;
            }
        }

        throw new TreeDamagedException($"{key}: not a valid extent");
    }
}
