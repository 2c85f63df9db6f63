using Adit.Format;
using Adit.Nodes;

namespace Adit.FileProviders;

/// <summary>What tells one state of a file or directory from another: which it is, its size, when its bytes or entries last changed, and how many
/// changes were told of: two of them may come at the same time of the clock.</summary>
internal readonly record struct NodeStamp(InodeNumber Inode, ulong Generation, long SizeBytes, Timestamp ModifyTime, int ChangeCount)
{
    public NodeStamp(in NodeAttributes attributes, int changeCount)
        : this(attributes.Inode, attributes.Generation, attributes.SizeBytes, attributes.ModifyTime, changeCount)
    {
    }
}
