using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>Changes what the kernel keeps of a mount, by mount(2) with MS_REMOUNT. The server hears nothing of it.</summary>
public static class Remounter
{
    /// <summary>Gives a mount the flags of some options. All of them or none; what was written before is written back first.</summary>
    /// <param name="mounted">The mount.</param>
    /// <param name="options">What it is to be.</param>
    /// <exception cref="MountException">EBUSY: it cannot become read-only, somebody has a file open for writing or one that was removed.
    /// EPERM: only root may.</exception>
    public static void Remount(MountTableEntry mounted, MountOptions options) => Remount(mounted, MountFlags.Of(options));

    /// <summary>Gives a mount flags.</summary>
    /// <param name="mounted">The mount; what it has of flags that Adit has no word for stays.</param>
    /// <param name="flags">Of <see cref="MountFlags.Enforced"/> and <see cref="MountFlags.Shown"/>.</param>
    public static void Remount(MountTableEntry mounted, nuint flags)
    {
        nuint kept = mounted.Flags & Libc.MS_NOSYMFOLLOW;
        Errno outcome = Libc.Outcome(Libc.mount(mounted.Source, mounted.MountPoint, null, Libc.MS_REMOUNT | flags | kept, null));
        if (outcome != Errno.Success)
        {
            throw outcome switch
            {
                Errno.EBUSY => new MountException(
                    outcome, $"{mounted.MountPoint} cannot become read-only: a file is open for writing, or was removed and is still open{MountUsers.Describe(mounted.MountPoint)}"),
                Errno.EPERM => new MountException(outcome, $"remounting {mounted.MountPoint} is not permitted: only root may"),
                _ => new MountException(outcome, $"remounting {mounted.MountPoint}: {outcome.Message()}"),
            };
        }
    }
}
