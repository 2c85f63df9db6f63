using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Owners;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Fuse.Succession;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Mounts;

/// <summary>Asks the holder of a mount for other options. What has no holder is changed as far as the kernel alone can do it.</summary>
internal static class Remount
{
    private const string Word = "remount";

    /// <summary>Whether the words of -o ask for it.</summary>
    /// <param name="options">The words.</param>
    /// <param name="words">The others.</param>
    public static bool IsAsked(string options, out string words)
    {
        var all = options.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        words = string.Join(',', all.Where(word => word != Word));
        return all.Contains(Word);
    }

    /// <summary>Changes a mount. When it returns the options hold; when it throws nothing has changed, or the failure says what.</summary>
    /// <param name="mounted">The mount.</param>
    /// <param name="words">Win over what holds now; what they do not say stays.</param>
    public static UpgradeReply Do(MountTableEntry mounted, string words)
    {
        // Wrong words are found here, whatever the version of the holder.
        _ = MountedVolume.ParseOptions(words);
        using var holder = HolderAddress.TryConnect(mounted.Source);
        if (holder is null)
        {
            return DoInKernel(mounted, words);
        }

        var reply = HolderClient.Ask(holder, new UpgradeRequest(SessionMemory.Version, [], new RemountRequest(mounted.MountPoint, words)));
        return reply switch
        {
            { Error: null, Options: not null } => reply,
            { Error: null } or { Errno: Errno.EINVAL, Error: HolderClient.NoProgram } => throw new CommandFailure(
                $"the holder of {mounted.MountPoint} is of a version that cannot remount: unmount it and mount it instead", errno: Errno.ENOTSUP),
            _ => throw new CommandFailure(reply.Error, CommandFailure.ExitCodeOf(reply.Errno), reply.Errno),
        };
    }

    private static UpgradeReply DoInKernel(MountTableEntry mounted, string words)
    {
        using var owner = OwnerClient.TryConnect(mounted.Source)
            ?? throw new CommandFailure($"the process that served {mounted.MountPoint} is gone: mount it anew", errno: Errno.ENOTCONN);
        var information = owner.GetInformation();
        var options = information.Server?.Options
            ?? throw new CommandFailure($"process {owner.ProcessId}, which serves {mounted.MountPoint}, is of a version that cannot remount: unmount it and mount it instead", errno: Errno.ENOTSUP);
        var served = MountedVolume.ParseOptions(options) with { ReadOnly = information.IsReadOnly };
        var plan = RemountPlan.Make(mounted, served, words);

        // A server that can write serves those just as well who can only read.
        List<string> refused = [.. plan.ServerWords.Where(word => word != "ro")];
        if (refused.Count > 0)
        {
            throw new CommandFailure(
                $"{string.Join(", ", refused)}: another server would have to go on, and {mounted.MountPoint} has no holder to start one (it was mounted with --no-holder or over io_uring, or its holder died): unmount it and mount it with -o {MountOptionWords.ToText(plan.Wanted)} instead. Nothing was changed",
                errno: Errno.ENOTSUP);
        }

        plan.CheckKernelPart();
        plan.ChangeKernel();
        if (plan.Wanted.ReadOnly)
        {
            MakeDurable(mounted.MountPoint);
        }

        return new UpgradeReply(null, Errno.Success, owner.ProcessId, owner.ProcessId, 0, MountOptionWords.ToText(plan.Wanted));
    }

    private static void MakeDurable(string mountPoint)
    {
        using var root = Libc.open(mountPoint, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_CLOEXEC, 0);
        var outcome = root.IsInvalid ? Libc.LastError : Libc.Outcome(Libc.fsync(root));
        if (outcome != Errno.Success)
        {
            throw new CommandFailure($"{mountPoint} is read-only now, but what was written is not durable: {outcome.Message()}", errno: outcome);
        }
    }
}
