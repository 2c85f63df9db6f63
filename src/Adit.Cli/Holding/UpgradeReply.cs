using Adit.Interop;

namespace Adit.Cli.Holding;

/// <summary>What a holder answers.</summary>
/// <param name="Error">Why the server before serves on; null: the new one serves.</param>
/// <param name="Errno">The POSIX outcome behind it.</param>
/// <param name="OldPid">The server before.</param>
/// <param name="NewPid">The one that serves now.</param>
/// <param name="PauseMs">How long no server took requests.</param>
internal sealed record UpgradeReply(string? Error, Errno Errno, int OldPid, int NewPid, long PauseMs);
