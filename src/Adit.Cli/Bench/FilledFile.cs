using Adit.Cli.Inspection;
using Adit.Format;

namespace Adit.Cli.Bench;

/// <summary>A file that is written from end to end, with the address of each of its blocks, and a fixed random order to visit them.</summary>
internal sealed unsafe class FilledFile
{
    public const int BlockBytes = Geometry.BlockSize;

    private const int PieceBytes = 1 << 20;

    public FilledFile(Volume volume, string path, long lengthBytes)
    {
        File = volume.OpenFile(path, FileMode.Create, FileAccess.ReadWrite);
        var piece = GC.AllocateUninitializedArray<byte>(PieceBytes);
        new Random(7).NextBytes(piece);
        for (long offset = 0; offset < lengthBytes; offset += PieceBytes)
        {
            File.Write(offset, piece);
        }

        volume.CheckpointNow();
        var blockCount = (int)(lengthBytes / BlockBytes);
        Addresses = new nint[blockCount];
        var start = volume.Store.Medium.Start;
        var addresses = Addresses;
        ExtentWalk.OfInode(volume.Store, File.Attributes.Inode, (InodeNumber _, long fileBlock, in ExtentRecord extent) =>
        {
            for (long block = 0; block < extent.BlockCount; block++)
            {
                addresses[fileBlock + block] = (nint)(start + (extent.Start + block).OffsetBytes);
            }
        });

        Order = [.. Enumerable.Range(0, blockCount)];
        new Random(11).Shuffle(Order);
    }

    public AditFile File { get; }

    /// <summary>Where each block of the file lies in this process's memory.</summary>
    public nint[] Addresses { get; }

    /// <summary>All blocks, shuffled; its length is a power of two when the file's is.</summary>
    public int[] Order { get; }
}
