namespace Adit.Fuse.Mounting;

/// <summary>One line of the mount table.</summary>
/// <param name="MountPoint">Where.</param>
/// <param name="FileSystemType">As <c>fuse.adit</c>.</param>
/// <param name="Source">What, as the mounter named it: the path of the volume.</param>
/// <param name="DeviceMinor">The minor device number; of a FUSE mount the number of its connection.</param>
/// <param name="Flags">What the kernel keeps of the mount and of its file system, as mount(2) takes it (<c>MS_*</c>).</param>
public sealed record MountTableEntry(string MountPoint, string FileSystemType, string Source, uint DeviceMinor, nuint Flags = 0)
{
    /// <summary>The type that Adit's mounts have.</summary>
    public const string AditType = "fuse.adit";

    public bool IsAdit => FileSystemType == AditType;
}
