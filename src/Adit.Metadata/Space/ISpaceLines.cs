namespace Adit.Metadata.Space;

/// <summary>Where the allocator reads the lines that it does not have in memory.</summary>
public interface ISpaceLines
{
    /// <summary>Reads the newest line that was handed out by <see cref="SpaceAllocator.CollectDirty"/> and stored.</summary>
    /// <remarks>Called on the thread that called the allocator, which holds no lock of its own at that moment, so that
    /// the tree's lock may be taken here. <see cref="SpaceAllocator.Free"/>, <see cref="SpaceAllocator.Take"/> in
    /// recovery, and <see cref="SpaceAllocator.TryTakeChunkForNodes"/> call it too: whoever holds the tree's lock around those
    /// must answer without taking it again.</remarks>
    /// <returns>False when the chunk has no line: a data chunk, all free.</returns>
    bool TryReadLine(long chunk, out SpaceLine line);
}
