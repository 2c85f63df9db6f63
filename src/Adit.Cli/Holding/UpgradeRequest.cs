namespace Adit.Cli.Holding;

/// <summary>What <c>adit upgrade</c> and a remount ask a holder.</summary>
/// <param name="Version">That the new program speaks; see <see cref="Fuse.Succession.SessionMemory.Version"/>.</param>
/// <param name="Command">The new program and its first arguments, absolute. None for a remount, so that a holder that knows of no remounts refuses it.</param>
/// <param name="Remount">What the mount is to become; null for an upgrade.</param>
internal sealed record UpgradeRequest(int Version, IReadOnlyList<string> Command, RemountRequest? Remount = null);
