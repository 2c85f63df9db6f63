using System.Globalization;
using Adit.Interop.Linux;

namespace Adit;

/// <summary>What processes may do beyond their user's rights.</summary>
public static class ProcessRights
{
    private const int LinuxImmutable = 9;

    /// <summary>This process is root's.</summary>
    public static bool IsRoot => Libc.geteuid() == 0;

    /// <summary>Whether this process may set and clear the flags of <see cref="Nodes.FileFlags.Privileged"/>: it is root's, or has
    /// CAP_LINUX_IMMUTABLE.</summary>
    public static bool MayFixFiles => IsRoot || MayFix("/proc/thread-self/status");

    /// <summary>The same of another process, as a mount's server has to ask.</summary>
    /// <param name="userId">Whose it is.</param>
    /// <param name="processId">Which; 0 when it cannot be seen from here, and then it has no more than its user's rights.</param>
    public static bool MayOtherFixFiles(uint userId, uint processId) =>
        userId == 0 || (processId != 0 && MayFix(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status")));

    /// <summary>Whether another process looks at files as root: not the root of a container whose ids are mapped.</summary>
    /// <param name="processId">Which; 0 when it cannot be seen from here, and then it is not known to.</param>
    public static bool IsOtherRoot(uint processId) =>
        processId != 0 && Find(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status"), "Uid:") is { } ids
        && ids.Split('\t', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, "0"];

    private static bool MayFix(string statusPath) =>
        ulong.TryParse(Find(statusPath, "CapEff:").AsSpan().Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong effective)
        && ((effective >> LinuxImmutable) & 1) != 0;

    /// <summary>What a process's status says behind a name; null when it is not known.</summary>
    private static string? Find(string statusPath, string name)
    {
        try
        {
            foreach (string line in File.ReadLines(statusPath))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                {
                    return line[name.Length..];
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A process that is gone, or that cannot be looked at, is not known to have the right.
        }

        return null;
    }
}
