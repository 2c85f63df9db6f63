using Adit.Format;

namespace Adit.FileProviders;

/// <summary>How often each node was changed: one number for all nodes whose numbers are 16384 apart, so that counting allocates nothing.</summary>
internal sealed class ChangeCounts
{
    private const int Size = 1 << 14;

    private readonly int[] _counts = new int[Size];

    /// <summary>Any thread, under any lock.</summary>
    public void Add(InodeNumber inode) => Interlocked.Increment(ref _counts[IndexOf(inode)]);

    /// <summary>The counts of now. What is looked at after this, and changes after that, has another count the next time.</summary>
    public int[] Copy() => [.. _counts];

    public static int Of(int[] copy, InodeNumber inode) => copy[IndexOf(inode)];

    private static int IndexOf(InodeNumber inode) => (int)(inode.Value & (Size - 1));
}
