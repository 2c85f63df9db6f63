namespace Adit.Fuse.Mounting;

/// <summary>One line of the mount table.</summary>
/// <param name="MountPoint">Where.</param>
/// <param name="FileSystemType">As <c>fuse.adit</c>.</param>
/// <param name="Source">What, as the mounter named it: the path of the volume.</param>
/// <param name="DeviceMinor">The minor device number; of a FUSE mount the number of its connection.</param>
public sealed record MountTableEntry(string MountPoint, string FileSystemType, string Source, uint DeviceMinor)
{
    /// <summary>The type that Adit's mounts have.</summary>
    public const string AditType = "fuse.adit";

    public bool IsAdit => FileSystemType == AditType;
}
