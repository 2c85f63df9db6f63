using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Transactions;

namespace Adit.Orphans;

/// <summary>Keeps the orphan record of an inode in line with what is still to be done with it.</summary>
internal static class OrphanMarks
{
    /// <summary>Puts the record that an inode needs in this state, or takes it away when it needs none.</summary>
    /// <param name="linkCount">0: the inode has no name.</param>
    /// <param name="truncatingFrom">The first file block that is still to be freed, or <see cref="long.MaxValue"/>.</param>
    public static void Put(Transaction transaction, InodeNumber inode, uint linkCount, long truncatingFrom)
    {
        OrphanReasons reasons = (linkCount == 0 ? OrphanReasons.Unnamed : OrphanReasons.None)
            | (truncatingFrom != long.MaxValue ? OrphanReasons.Truncating : OrphanReasons.None);
        if (reasons == OrphanReasons.None)
        {
            transaction.Delete(OrphanRecord.Key(inode));
            return;
        }

        Span<byte> value = stackalloc byte[OrphanRecord.SizeBytes];
        new OrphanRecord(reasons, truncatingFrom == long.MaxValue ? 0 : truncatingFrom).Write(value);
        transaction.Put(OrphanRecord.Key(inode), value);
    }
}
