namespace Adit.Fuse.Tests.Judges;

/// <summary>What a judge works on.</summary>
public enum JudgedOn
{
    /// <summary>Emulated persistent memory in <c>/dev/shm</c>, files accessed directly.</summary>
    Memory,

    /// <summary>An ordinary file, through the page cache and private buffers with checksums (<c>dax=never</c>).</summary>
    CachedFile,
}
