using Adit.Format;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Checking;
using Adit.Metadata.Superblocks;

namespace Adit.Checking;

/// <summary>Proves that a volume is what it should be: everything that <see cref="StructureChecker"/> proves, and that inodes, entries,
/// extents, attributes and orphans fit together.</summary>
/// <remarks>
/// <para>It reads the medium: nobody has the volume open meanwhile. Records in the log are applied first, as by any opening; on a
/// medium opened read-only that happens in private memory, so nothing is changed.</para>
/// <para>Memory: one table of 40 bytes an inode and a few bits a block, none of it on the managed heap; two walks over the tree.
/// Damage never throws: it is a finding.</para>
/// </remarks>
public static class VolumeChecker
{
    /// <summary>Checks a volume in a file or on a device, which nobody has open. Changes nothing.</summary>
    /// <exception cref="MediumException">It cannot be opened (EBUSY: another process has it).</exception>
    public static CheckReport Check(string path, CheckOptions? options = null)
    {
        using Medium medium = OpenMedium(path, isReadOnly: true);
        return Check(medium, options);
    }

    /// <summary>Checks a volume that nobody has open.</summary>
    public static CheckReport Check(Medium medium, CheckOptions? options = null) =>
        Check(medium, options ?? new CheckOptions(), repairs: null);

    /// <summary>Checks the volume of an open store as its newest checkpoint has it. Transactions go on meanwhile, until the log is
    /// full. What a read-only opening recovered from the log is not part of it.</summary>
    /// <exception cref="VolumeException">The store has failed.</exception>
    /// <exception cref="ObjectDisposedException">The store is being closed.</exception>
    public static CheckReport Check(MetadataStore store, CheckOptions? options = null)
    {
        options ??= new CheckOptions();
        Interop.Errno outcome = store.IsReadOnly ? Interop.Errno.Success : store.Checkpoint();
        if (outcome != Interop.Errno.Success)
        {
            throw new VolumeException(
                outcome, $"The volume on {store.Medium.Name} cannot be checked while it is open: {store.Failure?.Message ?? "it is being closed"}");
        }

        using (store.HoldCheckpoints())
        {
            return CheckPublished(store.Medium, options with { ReadsData = false }, NewLog(options), null);
        }
    }

    /// <summary>Opens the medium of a volume as the kind that it was made on.</summary>
    internal static Medium OpenMedium(string path, bool isReadOnly)
    {
        MediumKind? kind = SuperblockPeek.TryRead(path, out Superblock superblock) ? (MediumKind)superblock.MediumKind : null;
        return MediumFactory.Open(path, new MediumOptions { Kind = kind, ReadOnly = isReadOnly });
    }

    internal static CheckReport Check(Medium medium, CheckOptions options, RepairList? repairs)
    {
        FindingLog findings = NewLog(options);
        FindingLog structural = new(keepAtMost: 0);
        long logged;
        using (StructureChecker before = new(medium, structural, options.Progress))
        {
            if (before.ReadFixedParts() && before.LoggedTransactions > 0)
            {
                before.CheckTree();
            }

            logged = before.LoggedTransactions;
        }

        if (logged > 0)
        {
            if (structural.Count == 0)
            {
                StructureChecker.TryRecover(medium, findings);
            }
            else
            {
                findings.Add(FindingKind.LogNotApplied, "the log", "a sound tree to apply it to", $"{logged} transactions, which are not part of this check");
            }
        }

        return CheckPublished(medium, options, findings, repairs);
    }

    private static FindingLog NewLog(CheckOptions options) => new(options.OnFinding, options.KeepAtMost);

    private static CheckReport CheckPublished(Medium medium, CheckOptions options, FindingLog findings, RepairList? repairs)
    {
        using StructureChecker structure = new(medium, findings, options.Progress);
        using InodeTable inodes = new();
        if (!structure.ReadFixedParts())
        {
            return MakeReport(findings, null, 0, 0, 0);
        }

        RecordChecker records = new(structure, inodes, findings, repairs);
        structure.CheckTree(records);
        records.Finish();
        structure.Walk(new EntryChecker(structure, inodes, findings, repairs));
        LinkChecker links = new(inodes, findings, repairs);
        if (!structure.HasLoss)
        {
            links.Check();
        }

        DataChecker data = new(medium, findings);
        if (options.ReadsData)
        {
            structure.Walk(data);
        }

        return MakeReport(findings, structure, inodes.Count, links.DirectoryCount, records.EntryCount) with { VerifiedBlocks = data.BlockCount };
    }

    private static CheckReport MakeReport(FindingLog findings, StructureChecker? structure, long inodes, long directories, long entries) => new()
    {
        Findings = findings.Kept,
        FindingCount = findings.Count,
        StructuralCount = findings.StructuralCount,
        InodeCount = inodes,
        DirectoryCount = directories,
        EntryCount = entries,
        ExtentCount = structure?.ExtentCount ?? 0,
        DataBlocks = structure?.DataBlocks ?? 0,
        FreeBlocks = structure?.Superblock.FreeBlocks ?? 0,
        HasLoss = structure is null or { HasLoss: true },
    };
}
