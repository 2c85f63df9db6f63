using Adit.Format;

namespace Adit.Metadata.Superblocks;

/// <summary>Looks at a file's superblock without mapping it: to learn what medium a volume was made for before opening it.</summary>
public static class SuperblockPeek
{
    /// <returns>False when neither copy is there, or none is valid.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool TryRead(string path, out Superblock superblock)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        byte[] bytes = new byte[Superblock.SizeBytes];
        bool hasFirst = TryReadAt(file, 0, bytes, out superblock);
        if (TryReadAt(file, Superblock.SecondCopyBlock << Geometry.BlockShift, bytes, out Superblock second)
            && (!hasFirst || second.Sequence > superblock.Sequence))
        {
            superblock = second;
            return true;
        }

        return hasFirst;
    }

    private static bool TryReadAt(FileStream file, long offset, byte[] bytes, out Superblock superblock)
    {
        superblock = default;
        return RandomAccess.Read(file.SafeFileHandle, bytes, offset) == bytes.Length && Superblock.TryRead(bytes, out superblock);
    }
}
