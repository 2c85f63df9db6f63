namespace Adit.Inodes;

/// <summary>Time stamps that have to move but have not been given their moment yet.</summary>
[Flags]
internal enum PendingTimes
{
    None = 0,

    /// <summary>The file was read.</summary>
    Access = 1,

    /// <summary>The file's bytes were changed in place.</summary>
    Modify = 2,
}
