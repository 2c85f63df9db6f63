using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>What the machine can. Asked once.</summary>
internal static class Requirements
{
    /// <summary>Why a file system cannot be mounted here, or null.</summary>
    public static string? MissingMount { get; } = FindMissingMount();

    public static string? MissingTool(IEnumerable<string> needs)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin").ToArray();
        string[] missing = needs.Where(need => need[0] == '/' ? !File.Exists(need) : !folders.Any(folder => File.Exists(Path.Combine(folder, need)))).ToArray();
        return missing.Length == 0 ? null : $"not on this machine: {string.Join(", ", missing)}";
    }

    private static string? FindMissingMount()
    {
        if (Libc.geteuid() != 0)
        {
            return "mounting for these tests needs root";
        }

        using FileDescriptor device = Libc.open("/dev/fuse", OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC, 0);
        if (device.IsInvalid)
        {
            return $"/dev/fuse cannot be opened: {Libc.LastError.Message()}";
        }

        using TestFolder folder = new();
        Errno mounted = Libc.Outcome(Libc.mount("probe", folder.Path, "fuse.probe", 0, $"fd={device.DangerousNumber},rootmode=40000,user_id=0,group_id=0"));
        if (mounted != Errno.Success)
        {
            return $"mount(2) does not work here: {mounted.Message()}";
        }

        // Nobody answers on this channel: take the mount away before anyone asks.
        _ = Libc.umount2(folder.Path, Libc.MNT_DETACH);
        return null;
    }
}
