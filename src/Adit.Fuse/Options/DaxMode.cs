namespace Adit.Fuse.Options;

/// <summary>Which files bypass the kernel's page cache, as <c>-o dax=</c> of ext4 and XFS names it.</summary>
public enum DaxMode
{
    /// <summary>All but executables, unless their DAX flag (<c>chattr +x</c>) is set. The default.</summary>
    Inode,

    /// <summary>Every file.</summary>
    Always,

    /// <summary>No file: reads are served from the page cache after the first.</summary>
    Never,
}
