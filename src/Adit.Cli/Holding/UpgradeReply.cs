using Adit.Interop;

namespace Adit.Cli.Holding;

/// <summary>What a holder answers.</summary>
/// <param name="Error">Why the server before serves on; null: the new one serves.</param>
/// <param name="Errno">The POSIX outcome behind it.</param>
/// <param name="OldPid">The server before.</param>
/// <param name="NewPid">The one that serves now.</param>
/// <param name="PauseMs">How long no server took requests.</param>
/// <param name="Options">After a remount: the words of -o that hold now.</param>
internal sealed record UpgradeReply(string? Error, Errno Errno, int OldPid, int NewPid, long PauseMs, string? Options = null);
