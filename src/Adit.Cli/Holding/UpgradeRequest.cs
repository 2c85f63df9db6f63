namespace Adit.Cli.Holding;

/// <summary>What <c>adit upgrade</c> asks a holder.</summary>
/// <param name="Version">That the new program speaks; see <see cref="Fuse.Succession.SessionMemory.Version"/>.</param>
/// <param name="Command">The new program and its first arguments, absolute.</param>
internal sealed record UpgradeRequest(int Version, IReadOnlyList<string> Command);
