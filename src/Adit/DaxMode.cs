namespace Adit;

/// <summary>What decides whether files are accessed directly, as <c>-o dax=</c> of ext4 and XFS names it. It holds for as long as the volume is
/// open. The state of a file that follows from it is fixed while the file is in use.</summary>
public enum DaxMode
{
    /// <summary>Each file's flag (<see cref="Nodes.FileFlags.DirectAccess"/>), as it was when the file came into use. The default.</summary>
    Inode,

    /// <summary>Every file is accessed directly, whatever its flag.</summary>
    Always,

    /// <summary>No file is: all go through private buffers, and what is written gets checksums.</summary>
    Never,
}
