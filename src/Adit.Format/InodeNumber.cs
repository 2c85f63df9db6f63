namespace Adit.Format;

/// <summary>The number of an inode. Never used again after its inode is gone.</summary>
public readonly record struct InodeNumber(ulong Value) : IComparable<InodeNumber>
{
    /// <summary>The owner of volume-wide records.</summary>
    public static InodeNumber Volume => new(0);

    /// <summary>The root directory, as FUSE numbers it.</summary>
    public static InodeNumber Root => new(1);

    public int CompareTo(InodeNumber other) => Value.CompareTo(other.Value);

    public override string ToString() => $"inode {Value}";
}
