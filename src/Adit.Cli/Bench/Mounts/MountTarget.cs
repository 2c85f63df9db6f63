namespace Adit.Cli.Bench.Mounts;

/// <summary>One file system of a comparison.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Directory">Where names can be made and deleted.</param>
/// <param name="File">Holds the data: the file itself, or the image that it lies in.</param>
/// <param name="Offsets">Where each block of the data is in <paramref name="File"/>.</param>
/// <param name="ServerPid">Who serves it, or 0 when the kernel does.</param>
/// <param name="IsDirect">Opened with O_DIRECT, so that each read is a request to the server.</param>
/// <param name="IsOverRings">Its requests come over io_uring.</param>
internal sealed record MountTarget(string Name, string Directory, string File, long[] Offsets, int ServerPid, bool IsDirect, bool IsOverRings = false);
