namespace Adit.Cli.Tests;

/// <summary>A test that mounts; left out, and counted as such, on a machine that cannot.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute()
    {
        if (!File.Exists("/dev/fuse"))
        {
            Skip = "this machine has no /dev/fuse";
        }
    }
}
