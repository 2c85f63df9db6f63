using Adit.Nodes;

namespace Adit.Cli.Trees;

/// <summary>What the file commands know about a file, wherever it is.</summary>
/// <param name="Name">Its last name, "/" for a root.</param>
/// <param name="Mode">Type and permission bits, as st_mode.</param>
internal readonly record struct TreeNode(
    string Name, ulong Inode, uint Mode, uint LinkCount, uint UserId, uint GroupId, long SizeBytes, Timestamp ModifyTime)
{
    public FileType Type => (FileType)(Mode & 0xF000);

    public uint Permissions => Mode & 0xFFF;

    public bool IsDirectory => Type == FileType.Directory;
}
