using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>Follows every entry to its inode and counts; the second walk over the records.</summary>
internal sealed class EntryChecker(StructureChecker structure, InodeTable inodes, FindingLog findings, RepairList? repairs) : IRecordVisitor
{
    public void Visit(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (key.Kind != RecordKind.DirectoryEntry || key.High is 0 or >= TreeKey.ReverseMapSpace
            || !DirectoryEntryRecord.TryWrap(value, out DirectoryEntryRecord entry))
        {
            return;
        }

        int directory = inodes.Find(key.High);
        if (directory < 0 || !inodes[directory].IsDirectory)
        {
            return;
        }

        int index = inodes.Find(entry.Inode.Value);
        if (index < 0)
        {
            if (structure.TryGet(InodeRecord.Key(entry.Inode), out _) != Lookup.Unknown)
            {
                Report(FindingKind.EntryDangling, key, $"{entry.Inode}", "no such inode");
            }

            return;
        }

        ref InodeRow row = ref inodes[index];
        if (row.IsDirectory && !TryNameDirectory(key, ref row, index, directory))
        {
            return;
        }

        row.Names++;
        if (entry.TypeBits != row.TypeBits)
        {
            findings.Add(FindingKind.EntryType, $"{key}", $"type {row.TypeBits >> 12:x}", $"{entry.Type:x}");
            repairs?.Add(RepairKind.SetEntryType, key, row.TypeBits, $"its inode is of type {row.TypeBits >> 12:x}");
        }
    }

    public void VisitLost(TreeKey from, TreeKey to)
    {
    }

    private bool TryNameDirectory(TreeKey key, ref InodeRow row, int index, int directory)
    {
        if (row.NamedBy >= 0 || row.Number == InodeNumber.Root.Value)
        {
            Report(FindingKind.DirectoryNamedTwice, key, "one name of a directory", $"a second one of inode {row.Number}");
            return false;
        }

        row.NamedBy = directory;
        inodes[directory].Subdirectories++;
        if (row.RecordedParent != inodes[directory].Number)
        {
            findings.Add(FindingKind.DirectoryParent, $"inode {row.Number}", $"parent {inodes[directory].Number}", $"{row.RecordedParent}");
            repairs?.Add(
                RepairKind.SetParent, InodeRecord.Key(new InodeNumber(row.Number)), (long)inodes[directory].Number, $"inode {inodes[directory].Number} names it");
        }

        return true;
    }

    private void Report(FindingKind kind, TreeKey key, string expected, string found)
    {
        findings.Add(kind, $"{key}", expected, found);
        repairs?.Add(RepairKind.DeleteRecord, key, 0, $"{kind}: expected {expected}, found {found}");
    }
}
