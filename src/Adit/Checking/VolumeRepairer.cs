using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>Mends a volume that nobody has open. First the structure: when nodes, maps or blocks are wrong, the tree is built anew from
/// every record that can still be read, and space lines, node map, reverse map and counts from those. Then the records: counts are
/// set to what is there, what leads nowhere is removed, what has no name goes to <c>lost+found</c>. What cannot be proven is
/// dropped, and each such thing is said.</summary>
/// <remarks>A crash during a repair leaves a volume that can be repaired. Open the medium for writing.</remarks>
public static class VolumeRepairer
{
    /// <summary>What is mended in one round can bring up something new, such as a name for what had none; it ends soon.</summary>
    private const int MaxRounds = 24;

    /// <summary>Repairs a volume in a file or on a device.</summary>
    /// <exception cref="VolumeException">Nothing can be saved, or there is no room to.</exception>
    /// <exception cref="MediumException">It cannot be opened (EBUSY: another process has it), or it failed.</exception>
    public static RepairReport Repair(string path, CheckOptions? options = null)
    {
        using Medium medium = VolumeChecker.OpenMedium(path, isReadOnly: false);
        return Repair(medium, options);
    }

    /// <summary>Repairs the volume on a medium.</summary>
    /// <exception cref="VolumeException">Nothing can be saved, or there is no room to.</exception>
    /// <exception cref="MediumException">The medium failed.</exception>
    public static RepairReport Repair(Medium medium, CheckOptions? options = null)
    {
        options ??= new CheckOptions();
        List<string> actions = [];
        Action<string> say = line =>
        {
            actions.Add(line);
            options.OnAction?.Invoke(line);
        };
        CheckOptions quiet = options with { OnFinding = null };
        RepairList repairs = new();
        CheckReport before = VolumeChecker.Check(medium, options, repairs);
        CheckReport now = before;
        for (int round = 0; round < MaxRounds && !now.IsSound; round++)
        {
            if (NeedsRebuild(now))
            {
                say("The tree is built anew from what can be read.");
                new StructureRebuilder(medium, say, options.Progress).Rebuild();
            }
            else
            {
                using MetadataStore store = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
                new RecordRepairer(store, say).Do(repairs.Steps);
            }

            repairs = new RepairList();
            long left = now.FindingCount;
            now = VolumeChecker.Check(medium, quiet, repairs);
            if (now.FindingCount == left && repairs.Steps.Count == 0 && !NeedsRebuild(now))
            {
                break;
            }
        }

        return new RepairReport { Before = before, After = now, Actions = actions };
    }

    /// <summary>Opening mends a superblock copy by itself; everything else below the records is built anew.</summary>
    private static bool NeedsRebuild(CheckReport report) => report.HasLoss || report.StructuralCount > 0;
}
