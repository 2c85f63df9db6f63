using Adit.Cli.CommandLine;
using Adit.Interop;

namespace Adit.Cli.Mounts;

/// <summary>What a mount's server process says once: that the mount answers (no error), or why it does not.</summary>
internal sealed record MountStatus(string? Error = null, ExitCode ExitCode = ExitCode.Done, Errno Errno = Errno.Success, IReadOnlyList<string>? Notes = null, bool CanBeResumed = false, int ProcessId = 0);
