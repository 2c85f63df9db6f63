namespace Adit.Cli.Holding;

/// <summary>What a mount is to become.</summary>
/// <param name="Directory">The mount point, absolute and without symbolic links.</param>
/// <param name="Words">Words of -o, which win over those that the mount has; what they do not say stays.</param>
internal sealed record RemountRequest(string Directory, string Words);
