using Adit.Cli.CommandLine;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Mounts;

/// <summary>What a remount has to change, and where: in the kernel, in the server.</summary>
internal sealed class RemountPlan
{
    private RemountPlan(MountTableEntry mounted, MountOptions wanted, IReadOnlyList<string> serverWords)
    {
        Mounted = mounted;
        Wanted = wanted;
        ServerWords = serverWords;
        Flags = MountFlags.Of(wanted);
    }

    /// <summary>The mount as it is.</summary>
    public MountTableEntry Mounted { get; }

    public MountOptions Wanted { get; }

    /// <summary>What the server has to become.</summary>
    public IReadOnlyList<string> ServerWords { get; }

    /// <summary>What the kernel has to keep of the mount.</summary>
    public nuint Flags { get; }

    /// <summary>The kernel would go on doing something else than what is wanted.</summary>
    public bool NeedsKernel => ((Flags ^ Mounted.Flags) & MountFlags.Enforced) != 0;

    /// <summary>The kernel would do or show something else than what is wanted.</summary>
    public bool ChangesKernel => ((Flags ^ Mounted.Flags) & (MountFlags.Enforced | MountFlags.Shown)) != 0;

    /// <summary>The kernel lets writers in, and has not before. It may do so when the server is ready for them; all else it does first.</summary>
    public bool LetsWritersIn => (Mounted.Flags & ~Flags & Libc.MS_RDONLY) != 0;

    /// <summary>Reads the words of a remount.</summary>
    /// <param name="mounted">The mount.</param>
    /// <param name="served">What its server was told.</param>
    /// <param name="words">They win over what holds now; what they do not say stays.</param>
    /// <exception cref="CommandFailure">EINVAL: a word that is not known, or says what cannot change in a mount.</exception>
    public static RemountPlan Make(MountTableEntry mounted, MountOptions served, string words)
    {
        // What somebody has changed in the kernel alone stays changed: nobody is to lose a nosuid by remounting something else.
        var basis = MountFlags.Apply(served, mounted.Flags) with { Warnings = [] };
        if (!MountOptionParser.TryParse(words, basis, out var wanted, out var error))
        {
            throw CommandFailure.Usage(error!);
        }

        var isRoot = Libc.geteuid() == 0;
        List<string> refused = [.. MountOptionWords.Fixed(wanted, isRoot).Except(MountOptionWords.Fixed(served, isRoot))];
        return refused.Count == 0
            ? new RemountPlan(mounted, wanted with { AllowOther = served.AllowOther }, [.. MountOptionWords.OfServer(wanted).Except(MountOptionWords.OfServer(served))])
            : throw new CommandFailure(
                $"{string.Join(", ", refused)}: not to be changed in a mount; unmount {mounted.MountPoint} and mount it so instead. Nothing was changed", errno: Errno.EINVAL);
    }

    /// <summary>Says whether this process can do the kernel's part.</summary>
    /// <exception cref="CommandFailure">EPERM.</exception>
    public void CheckKernelPart()
    {
        if (NeedsKernel && Libc.geteuid() != 0)
        {
            throw new CommandFailure(
                $"{Mounted.MountPoint} was mounted through fusermount3 by an ordinary user: the kernel lets only root remount ro, rw, nosuid, nodev, noexec; unmount it and mount it with -o {MountOptionWords.ToText(Wanted)} instead. Nothing was changed",
                errno: Errno.EPERM);
        }
    }

    /// <summary>Does the kernel's part.</summary>
    public void ChangeKernel()
    {
        if (ChangesKernel && Libc.geteuid() == 0)
        {
            Remounter.Remount(Mounted, Flags);
        }
    }

    /// <summary>Undoes the kernel's part.</summary>
    /// <returns>Why it could not be undone, or null.</returns>
    public string? RestoreKernel()
    {
        if (!ChangesKernel || Libc.geteuid() != 0)
        {
            return null;
        }

        try
        {
            Remounter.Remount(Mounted, Mounted.Flags & (MountFlags.Enforced | MountFlags.Shown));
            return null;
        }
        catch (Fuse.MountException exception)
        {
            return exception.Message;
        }
    }
}
