using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>Compares what inodes say of their names with the entries that were found, when all of them could be read.</summary>
internal sealed class LinkChecker(InodeTable inodes, FindingLog findings, RepairList? repairs)
{
    public long DirectoryCount { get; private set; }

    public void Check()
    {
        CheckRoot();
        for (int index = 0; index < inodes.Count; index++)
        {
            ref InodeRow row = ref inodes[index];
            DirectoryCount += row.IsDirectory ? 1 : 0;
            bool isRoot = row.Number == InodeNumber.Root.Value;
            bool isOrphan = (row.Marks & InodeMarks.Orphan) != 0;
            if (row.Names == 0 && !isRoot && !isOrphan)
            {
                findings.Add(FindingKind.InodeUnnamed, $"inode {row.Number}", "a name, or a place on the list of orphans", "neither");
                repairs?.Add(RepairKind.Name, KeyOf(row), row.Mode, "nothing names it");
                continue;
            }

            if (isOrphan && (row.Names > 0 || isRoot))
            {
                findings.Add(FindingKind.OrphanStray, $"inode {row.Number}", "no orphan record beside a name", "one");
                repairs?.Add(RepairKind.DeleteRecord, OrphanRecord.Key(new InodeNumber(row.Number)), 0, "the inode has a name");
            }

            CheckCount(row, isRoot);
            if (row.IsDirectory && row.Names > 0)
            {
                CheckReachable(index);
            }
        }
    }

    private static TreeKey KeyOf(in InodeRow row) => InodeRecord.Key(new InodeNumber(row.Number));

    private void CheckRoot()
    {
        int root = inodes.Find(InodeNumber.Root.Value);
        if (root < 0 || !inodes[root].IsDirectory)
        {
            findings.Add(FindingKind.RootMissing, "inode 1", "a directory", root < 0 ? "none" : "something else");
            repairs?.Add(RepairKind.MakeRoot, InodeRecord.Key(InodeNumber.Root), 0, "there is no root directory");
        }
        else
        {
            inodes[root].Marks |= InodeMarks.Reachable;
        }
    }

    private void CheckCount(in InodeRow row, bool isRoot)
    {
        uint expected = !row.IsDirectory ? row.Names : row.Names > 0 || isRoot ? 2 + row.Subdirectories : 0;
        if (row.LinkCount != expected)
        {
            findings.Add(FindingKind.LinkCount, $"inode {row.Number}", $"{expected} links", $"{row.LinkCount}");
            repairs?.Add(RepairKind.SetLinkCount, KeyOf(row), expected, $"it has {expected} links, not {row.LinkCount}");
        }
    }

    /// <summary>Climbs from a directory to one that is known to be reachable; a way that comes back to itself is cut off.</summary>
    private void CheckReachable(int start)
    {
        int index = start;
        while (index >= 0 && (inodes[index].Marks & (InodeMarks.Reachable | InodeMarks.Climbing)) == 0)
        {
            inodes[index].Marks |= InodeMarks.Climbing;
            index = inodes[index].NamedBy;
        }

        if (index >= 0 && (inodes[index].Marks & InodeMarks.Climbing) != 0)
        {
            findings.Add(FindingKind.DirectoryUnreachable, $"inode {inodes[index].Number}", "a way from the root", "a circle of directories");
            repairs?.Add(
                RepairKind.Unname, KeyOf(inodes[index]), (long)inodes[inodes[index].NamedBy].Number, "no way from the root leads to it");
        }

        // Whatever hangs on a directory that is reported itself is not reported again.
        for (index = start; index >= 0 && (inodes[index].Marks & InodeMarks.Climbing) != 0; index = inodes[index].NamedBy)
        {
            inodes[index].Marks = (inodes[index].Marks & ~InodeMarks.Climbing) | InodeMarks.Reachable;
        }
    }
}
