using Adit.Format;
using Adit.Interop.Linux;

namespace Adit.Metadata.Superblocks;

/// <summary>Looks at a file's superblock without mapping it: to learn what medium a volume was made for before opening it.</summary>
/// <remarks>Not through the runtime's streams: those lock what they open (flock), and the owner's lock would refuse them.</remarks>
public static class SuperblockPeek
{
    /// <returns>False when neither copy is there, or none is valid, or the file cannot be read: opening it will say why.</returns>
    public static bool TryRead(string path, out Superblock superblock)
    {
        using FileDescriptor file = Libc.open(path, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK, 0);
        bool hasFirst = TryReadAt(file, 0, out superblock);
        if (TryReadAt(file, Superblock.SecondCopyBlock << Geometry.BlockShift, out Superblock second)
            && (!hasFirst || second.Sequence > superblock.Sequence))
        {
            superblock = second;
            return true;
        }

        return hasFirst;
    }

    private static unsafe bool TryReadAt(FileDescriptor file, long offset, out Superblock superblock)
    {
        superblock = default;
        byte* bytes = stackalloc byte[Superblock.SizeBytes];
        return !file.IsInvalid
            && Libc.pread(file, bytes, Superblock.SizeBytes, offset) == Superblock.SizeBytes
            && Superblock.TryRead(new ReadOnlySpan<byte>(bytes, Superblock.SizeBytes), out superblock);
    }
}
