using Adit.Nodes;

namespace Adit.Fuse.Handles;

/// <summary>What a file handle of the kernel stands for.</summary>
/// <param name="File">The open file.</param>
/// <param name="Flags">The O_* flags it was opened with.</param>
internal readonly record struct OpenHandle(IOpenFile File, uint Flags);
