using System.Globalization;

namespace Adit.Fuse.Session.Rings;

/// <summary>What this machine says of FUSE over io_uring before anything is mounted.</summary>
internal static class RingSupport
{
    /// <summary>The kernel's switch, which root sets.</summary>
    public const string SwitchPath = "/sys/module/fuse/parameters/enable_uring";

    /// <summary>The kernel will offer it to a mount that is made now.</summary>
    public static bool IsSwitchedOn => TryRead(SwitchPath) is "Y";

    /// <summary>Why a kernel did not offer it, and what helps.</summary>
    public static string WhyNotOffered => File.Exists(SwitchPath)
        ? $"it is switched off in the kernel: echo Y > {SwitchPath}, then mount again"
        : "this kernel has no FUSE over io_uring (Linux 6.14 can)";

    /// <summary>Each of them, whether there now or to come, has a queue of its own in the kernel.</summary>
    /// <returns>0 when the machine does not say.</returns>
    public static int PossibleProcessorCount => TryRead("/sys/devices/system/cpu/possible") is { } text ? HighestOf(text) + 1 : 0;

    public static bool IsOnline(int processor) =>
        TryRead("/sys/devices/system/cpu/online") is { } text && Ranges(text).Any(range => processor >= range.First && processor <= range.Last);

    /// <summary>The last number of a list like <c>0-3,8</c>; -1 when it is not one.</summary>
    private static int HighestOf(string text) => Ranges(text).Select(range => range.Last).DefaultIfEmpty(-1).Max();

    private static IEnumerable<(int First, int Last)> Ranges(string text)
    {
        foreach (string range in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = range.Split('-');
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last))
            {
                yield return (first, last);
            }
        }
    }

    private static string? TryRead(string path)
    {
        try
        {
            // Shared: who sets the switch at this moment must not make it seem to be off.
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(file);
            return reader.ReadToEnd().Trim();
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
