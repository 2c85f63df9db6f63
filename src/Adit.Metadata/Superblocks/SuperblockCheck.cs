using Adit.Format;
using Adit.Interop;
using Adit.Media;

namespace Adit.Metadata.Superblocks;

/// <summary>Whether this build may open a volume, and whether the superblock's numbers fit its medium.</summary>
internal static class SuperblockCheck
{
    /// <exception cref="VolumeException">It may not, or they do not.</exception>
    public static void Check(Medium medium, in Superblock superblock, bool isReadOnly)
    {
        if (superblock.MinimumVersion > FormatVersion.Current)
        {
            throw new VolumeException(
                Errno.EPROTO, $"{medium.Name} needs format version {superblock.MinimumVersion}, and this Adit knows versions up to {FormatVersion.Current}; use a newer Adit.");
        }

        ulong unknown = superblock.IncompatibleFeatures & ~FormatVersion.KnownIncompatible;
        if (unknown != 0)
        {
            throw new VolumeException(
                Errno.EPROTO, $"{medium.Name} uses features that this Adit does not know (mask {unknown:x}); use a newer Adit.");
        }

        unknown = superblock.ReadOnlyCompatibleFeatures & ~FormatVersion.KnownReadOnlyCompatible;
        if (unknown != 0 && !isReadOnly)
        {
            throw new VolumeException(
                Errno.EROFS, $"{medium.Name} uses features that this Adit can read but not write (mask {unknown:x}); open it read-only, or use a newer Adit.");
        }

        CheckLayout(medium, superblock);
    }

    private static void CheckLayout(Medium medium, in Superblock superblock)
    {
        long volumeBytes = superblock.VolumeBlocks << Geometry.BlockShift;
        if (superblock.VolumeBlocks <= 0 || superblock.VolumeBlocks > long.MaxValue >> Geometry.BlockShift || volumeBytes > medium.LengthBytes)
        {
            throw new VolumeException(
                Errno.EUCLEAN, $"{medium.Name} holds {medium.LengthBytes} bytes, but its volume has {volumeBytes}: the end is missing; restore the whole file.");
        }

        VolumeLayout expected = VolumeLayout.For(volumeBytes, superblock.LogBlocks << Geometry.BlockShift);
        VolumeLayout found = new(
            superblock.VolumeBlocks, superblock.NodeMapStart, superblock.NodeMapBlocks, superblock.LogStart, superblock.LogBlocks, superblock.FirstUsableChunk);
        if (found != expected || volumeBytes < VolumeLayout.MinimumVolumeBytes)
        {
            throw new VolumeException(
                Errno.EUCLEAN, $"{medium.Name} is damaged: its superblock describes {found}, where {expected} is the only layout of that size.");
        }
    }
}
