using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Trees;

namespace Adit.Files;

/// <summary>The bytes of files: reads, writes, and everything that changes which blocks a file has.</summary>
/// <remarks>
/// <para><b>Locks.</b> A method that ends in <c>Shared</c> needs the inode's lock shared, one that ends in <c>Locked</c> exclusively.
/// Nothing here takes an inode's lock, except to take back space that other files have set aside (try only).</para>
/// <para><b>Crashes.</b> Data reaches new blocks, or blocks that read as zeros until then, and is durable before the record that makes
/// it visible. Written blocks are overwritten in place. The size grows in the record that brings the data. What lies between the
/// end of a file and the end of its last block is arbitrary, and is zeroed before the end moves past it. Work that does not fit one
/// transaction leaves an orphan record first, and whoever opens the volume next finishes it.</para>
/// <para><b>Failure.</b> Damage and failed media come up as exceptions that the node layer turns into EIO; a file's extents are then
/// read again from the tree.</para>
/// </remarks>
internal sealed partial class FileData(VolumeContext context)
{
    private readonly MetadataStore _store = context.Store;
    private readonly Medium _medium = context.Medium;

    /// <summary>The extents around these file blocks are in memory on return.</summary>
    public void LoadLocked(Inode inode, long fileBlock, long endFileBlock) =>
        inode.Extents.Load(_store, inode.Number, fileBlock, Math.Min(endFileBlock, Extents.ExtentMap.MaxFileBlocks));

    /// <summary>Makes sure that what was written to data blocks is durable before a record that makes it visible.</summary>
    private void FenceBeforeRecord()
    {
        // Where fences are dear, the store fences data itself before records go out.
        if (context.CommitsAreDurable)
        {
            _medium.Fence();
        }
    }

    private static long BlocksFor(long lengthBytes) => (lengthBytes + Geometry.BlockSize - 1) >> Geometry.BlockShift;

    private static long BlockOf(long offsetBytes) => offsetBytes >> Geometry.BlockShift;
}
