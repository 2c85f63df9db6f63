using Adit.Format;

namespace Adit.Checksums;

/// <summary>A block whose bytes are not those that were written.</summary>
/// <param name="Inode">The file.</param>
/// <param name="OffsetBytes">Where in the file the block begins.</param>
/// <param name="Expected">The checksum that it was written with.</param>
/// <param name="Found">The checksum of what is there.</param>
internal readonly record struct ChecksumMismatch(InodeNumber Inode, long OffsetBytes, uint Expected, uint Found)
{
    /// <summary>The last one that a read of this thread met, for whoever turns its outcome into an exception at once.</summary>
    [ThreadStatic]
    public static ChecksumMismatch? LastOfThread;
}
