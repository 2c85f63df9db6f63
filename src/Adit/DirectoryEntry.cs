using Adit.Format;
using Adit.Nodes;

namespace Adit;

/// <summary>An entry of a directory, with the attributes its inode had when it was listed.</summary>
public readonly record struct DirectoryEntry(string Name, InodeNumber Inode, FileType Type, NodeAttributes Attributes);
