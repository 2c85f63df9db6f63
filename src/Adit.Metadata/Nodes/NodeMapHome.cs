using Adit.Format;
using Adit.Media;

namespace Adit.Metadata.Nodes;

/// <summary>Where the slots of the node map lie.</summary>
internal static unsafe class NodeMapHome
{
    public static long OffsetOf(VolumeLayout layout, long chunk) =>
        (layout.NodeMapStart << Geometry.BlockShift) + (chunk * NodeMapSlot.SizeBytes);

    public static NodeMapSlot* SlotOf(Medium medium, VolumeLayout layout, long chunk)
    {
        Invariant.That(chunk >= 0 && chunk < layout.ChunkCount, "a chunk lies inside the volume");
        return (NodeMapSlot*)(medium.Start + OffsetOf(layout, chunk));
    }
}
