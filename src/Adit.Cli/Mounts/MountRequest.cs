namespace Adit.Cli.Mounts;

/// <summary>What a mount's server process is to do.</summary>
/// <param name="Volume">Absolute path of the volume.</param>
/// <param name="Directory">Absolute path of the mount point.</param>
/// <param name="Options">The words of -o.</param>
/// <param name="StatusDescriptor">Where to say that the mount answers, or why not.</param>
/// <param name="IsHeld">The process is a holder, which starts servers; else it serves itself.</param>
internal sealed record MountRequest(string Volume, string Directory, string Options, int StatusDescriptor, bool IsHeld);
