namespace Adit.Cli.Tests;

/// <summary>A test that mounts; left out, and counted as such, on a machine that cannot.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    /// <param name="tools">Programs that it runs.</param>
    public MountFactAttribute(params string[] tools)
    {
        if (!File.Exists("/dev/fuse"))
        {
            Skip = "this machine has no /dev/fuse";
        }
        else if (tools.FirstOrDefault(tool => !IsThere(tool)) is { } missing)
        {
            Skip = $"this machine has no {missing}";
        }
    }

    private static bool IsThere(string tool) =>
        new[] { "/usr/bin", "/bin", "/usr/sbin", "/sbin" }.Any(folder => File.Exists(Path.Combine(folder, tool)));
}
