namespace Adit.Guest;

/// <summary>Where a volume is made: a folder of a file system mounted with DAX, or a device-DAX device.</summary>
/// <param name="Name">For the names of checks.</param>
/// <param name="Path">Of the volume.</param>
/// <param name="IsDevice">A character device: no metadata of its own, all of it mapped by huge pages.</param>
internal sealed record Place(string Name, string Path, bool IsDevice)
{
    /// <summary>Size of a volume in a folder; a device is as large as it is.</summary>
    public const long VolumeBytes = 96L << 20;

    public long SizeBytes => IsDevice ? 0 : VolumeBytes;

    public static Place At(string path) => path.StartsWith("/dev/", StringComparison.Ordinal)
        ? new Place("device", path, true)
        : new Place(System.IO.Path.GetFileName(path), System.IO.Path.Combine(path, "pool.adit"), false);
}
