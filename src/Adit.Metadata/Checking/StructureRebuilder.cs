using Adit.Format;
using Adit.Media;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;
using Adit.Metadata.Superblocks;

namespace Adit.Metadata.Checking;

/// <summary>Makes a sound volume out of what can be read of a damaged one: a new tree with all records that are left, and space
/// lines, node map, reverse map and counts made anew from them.</summary>
/// <remarks>
/// <para>Nothing that the damaged volume reaches is overwritten before the new superblock is published, so that a crash in
/// between changes nothing; it needs free blocks for a second tree. Nobody else uses the volume meanwhile.</para>
/// <para>What the records mean to files is not looked at here.</para>
/// </remarks>
public sealed class StructureRebuilder
{
    private readonly Medium _medium;
    private readonly Action<string> _say;
    private readonly IProgress<CheckProgress>? _progress;

    /// <param name="medium">Opened for writing.</param>
    /// <param name="say">Told a line for each thing saved, mended or lost.</param>
    /// <param name="progress">Told how far it is.</param>
    public StructureRebuilder(Medium medium, Action<string> say, IProgress<CheckProgress>? progress = null)
    {
        _medium = medium;
        _say = say;
        _progress = progress;
    }

    /// <summary>Rebuilds the volume; durable on return.</summary>
    /// <exception cref="VolumeException">No superblock is left, or no room for a second tree.</exception>
    /// <exception cref="MediumException">The medium failed.</exception>
    public void Rebuild()
    {
        SuperblockPair superblocks = new(_medium, BrokenVariant.None);
        using StructureChecker structure = new(_medium, new FindingLog(keepAtMost: 0), _progress);
        if (!superblocks.TryLoad() || !structure.ReadFixedParts())
        {
            throw new VolumeException(
                Interop.Errno.EUCLEAN, $"{_medium.Name} cannot be repaired: no superblock is left that fits it; restore the volume from a copy.");
        }

        structure.CheckTree();
        Salvage salvage = new(_medium, structure, _say);
        using RebuildPlan plan = new(_medium, structure, salvage, _say);
        Superblock superblock = plan.Build(_progress);
        _medium.Fence();
        superblocks.Publish(superblock);
        plan.WriteSlots();
        _medium.Fence();
    }
}
