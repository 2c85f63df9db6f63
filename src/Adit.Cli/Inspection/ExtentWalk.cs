using Adit.Format;
using Adit.Metadata;

namespace Adit.Cli.Inspection;

/// <summary>Visits the extents that the tree has, in the order of inode and file block.</summary>
internal static class ExtentWalk
{
    /// <summary>The tree is let go after so many records, so that a long walk holds up no writer. Extents that move
    /// meanwhile may be seen twice or not at all.</summary>
    private const int RecordsPerHold = 2000;

    public delegate void Visitor(InodeNumber inode, long fileBlock, in ExtentRecord extent);

    /// <summary>All extents of one inode.</summary>
    public static void OfInode(MetadataStore store, InodeNumber inode, Visitor visit) =>
        Walk(store, new TreeKey(inode, RecordKind.Extent, 0), new TreeKey(inode, RecordKind.Extent, TreeKey.MaxOffset), visit);

    /// <summary>All extents of the volume.</summary>
    public static void OfVolume(MetadataStore store, Visitor visit) =>
        Walk(store, new TreeKey(InodeNumber.Root, RecordKind.Extent, 0), new TreeKey(TreeKey.ReverseMapSpace - 1, ulong.MaxValue), visit);

    private static void Walk(MetadataStore store, TreeKey first, TreeKey last, Visitor visit)
    {
        var next = first;
        while (WalkSome(store, ref next, last, visit))
        {
        }
    }

    /// <returns>True when there may be more behind <paramref name="next"/>.</returns>
    private static bool WalkSome(MetadataStore store, ref TreeKey next, TreeKey last, Visitor visit)
    {
        using var reader = store.Read();
        for (var count = 0; count < RecordsPerHold; count++)
        {
            if (!reader.TryGetAtOrAbove(next, out var found, out var value) || found > last)
            {
                return false;
            }

            if (found.Kind == RecordKind.Extent)
            {
                visit(found.Inode, (long)found.Offset, ExtentRecord.Read(value));
                next = found.Next();
            }
            else
            {
                var isBeforeExtents = found.Kind < RecordKind.Extent;
                next = new TreeKey(new InodeNumber(found.High + (isBeforeExtents ? 0UL : 1UL)), RecordKind.Extent, 0);
            }
        }

        return true;
    }
}
