using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Checksums;

/// <summary>All the checksums of a file. One of a hole or of an unwritten block means nothing: whoever gives the block bytes gives it a
/// checksum in the same transaction. So cutting and punching leave them, and they are only swept up where that costs nothing.</summary>
internal static class ChecksumRecords
{
    public static bool HaveAny(in TreeReader tree, InodeNumber inode) =>
        tree.TryGetAtOrAbove(ChecksumRecord.Key(inode, 0), out TreeKey found, out _) && IsOf(found, inode);

    /// <summary>Deletes the records of blocks from one on, as many as fit a transaction.</summary>
    /// <param name="keptOperations">Operations that stay free.</param>
    /// <returns>False when there are more.</returns>
    public static bool TryDeleteFrom(Transaction transaction, InodeNumber inode, long fileBlock, int keptOperations)
    {
        TreeKey next = ChecksumRecord.Key(inode, ChecksumGroup.GroupOf(fileBlock + ChecksumRecord.BlocksPerRecord - 1));
        while (transaction.TryGetAtOrAbove(next, out TreeKey found, out _) && IsOf(found, inode))
        {
            if (transaction.RoomOperations <= keptOperations)
            {
                return false;
            }

            transaction.Delete(found);
            next = found.Next();
        }

        return true;
    }

    public static bool IsOf(TreeKey key, InodeNumber inode) => key.Inode == inode && key.Kind == RecordKind.DataChecksum;
}
