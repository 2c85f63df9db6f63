namespace Adit.Fuse.Mounting;

/// <summary>Who keeps a mount busy, from the links in /proc. Reading such a link asks the kernel only, never the mount.</summary>
internal static class MountUsers
{
    private const int MostNamed = 5;

    /// <returns>Words that follow "is in use", or nothing when nobody was found.</returns>
    public static string Describe(string mountPoint)
    {
        List<string> users = [];
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (char.IsAsciiDigit(Path.GetFileName(process)[0]) && Uses(process, mountPoint))
            {
                users.Add($"{NameOf(process)} ({Path.GetFileName(process)})");
            }
        }

        return users.Count switch
        {
            0 => "",
            <= MostNamed => $" by {string.Join(", ", users)}",
            _ => $" by {string.Join(", ", users.Take(MostNamed))} and {users.Count - MostNamed} more",
        };
    }

    private static bool Uses(string process, string mountPoint)
    {
        try
        {
            return Leads(Path.Combine(process, "cwd"), mountPoint)
                || Leads(Path.Combine(process, "root"), mountPoint)
                || Leads(Path.Combine(process, "exe"), mountPoint)
                || Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(link => Leads(link, mountPoint))
                || File.ReadLines(Path.Combine(process, "maps")).Any(line => IsBelow(line[(line.LastIndexOf(' ') + 1)..], mountPoint));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended while being looked at, or belongs to someone else.
            return false;
        }
    }

    private static bool Leads(string link, string mountPoint)
    {
        try
        {
            return new FileInfo(link).LinkTarget is { } target && IsBelow(target, mountPoint);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsBelow(string path, string mountPoint) =>
        path == mountPoint || path.StartsWith(mountPoint + "/", StringComparison.Ordinal);

    private static string NameOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).Trim();
        }
        catch (IOException)
        {
            return "?";
        }
    }
}
