using System.Globalization;

namespace Adit.Guest;

/// <summary>What the kernel tells of this process's mappings, and of the faults that it served by huge pages.</summary>
internal static class KernelView
{
    private const string Tracing = "/sys/kernel/tracing";

    /// <summary>The flags of every mapping of a file, two letters each.</summary>
    public static IReadOnlyList<string> FlagsOf(string path)
    {
        List<string> found = [];
        bool isWanted = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]) && line.Contains('-', StringComparison.Ordinal))
            {
                isWanted = line.EndsWith(path, StringComparison.Ordinal);
            }
            else if (isWanted && line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                found.Add(line["VmFlags:".Length..].Trim());
            }
        }

        return found;
    }

    /// <summary>Huge faults that the file system's DAX served while the action ran.</summary>
    public static int CountHugeFaults(Action action)
    {
        File.WriteAllText($"{Tracing}/trace", "");
        File.WriteAllText($"{Tracing}/events/fs_dax/dax_pmd_fault_done/enable", "1");
        try
        {
            action();
        }
        finally
        {
            File.WriteAllText($"{Tracing}/events/fs_dax/dax_pmd_fault_done/enable", "0");
        }

        string own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return File.ReadLines($"{Tracing}/trace").Count(line =>
            line.Contains("dax_pmd_fault_done", StringComparison.Ordinal) && line.EndsWith("NOPAGE", StringComparison.Ordinal)
            && own.Length > 0);
    }
}
