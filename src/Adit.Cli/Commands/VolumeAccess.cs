using Adit.Cli.CommandLine;
using Adit.Cli.Inspection;
using Adit.Cli.Mounts;
using Adit.Cli.Owners;
using Adit.Cli.Trees;
using Adit.Interop;

namespace Adit.Cli.Commands;

/// <summary>Gets at the volume of an operand: through its owner when there is one, else by opening it.</summary>
internal static class VolumeAccess
{
    /// <summary>For questions about a volume, and changes that its owner can make.</summary>
    public static IVolumeInspector Inspect(VolumeOperand operand, bool isReadOnly = true)
    {
        if (OwnerClient.TryConnect(operand.VolumePath) is { } owner)
        {
            return owner;
        }

        return new VolumeInspector(Open(operand, isReadOnly), ownsVolume: true);
    }

    /// <summary>For files in a volume: those of a mounted one are reached through the mount, so that the kernel and
    /// every other program see the change at once.</summary>
    public static IFileTree Files(VolumeOperand operand, bool isReadOnly)
    {
        using var owner = OwnerClient.TryConnect(operand.VolumePath);
        if (owner is null)
        {
            return new VolumeTree(Open(operand, isReadOnly), operand.VolumeText);
        }

        var directory = owner.GetInformation().MountedAt
            ?? throw new CommandFailure($"{operand.VolumeText}: process {owner.ProcessId} has the volume and is just unmounting it", ExitCode.Busy, Errno.EBUSY);
        var mount = VolumeMounts.At(directory)
            ?? throw new CommandFailure(
                $"{operand.VolumeText}: process {owner.ProcessId} has mounted it at {directory}, where this process cannot see it (another mount namespace)",
                ExitCode.Busy,
                Errno.EBUSY);
        return new HostTree(mount.MountPoint, operand.VolumeText);
    }

    public static Volume Open(VolumeOperand operand, bool isReadOnly)
    {
        RefuseDeadMount(operand);
        return Volume.Open(operand.VolumePath, new VolumeOptions { ReadOnly = isReadOnly });
    }

    /// <summary>A mount whose server does not answer: opening its volume would recover it behind the kernel's back.</summary>
    public static void RefuseDeadMount(VolumeOperand operand)
    {
        if (operand.IsMountPoint)
        {
            throw new CommandFailure(
                $"{operand.VolumeText}: the process that served this mount is gone. Take the mount away first: adit umount {operand.VolumeText}",
                ExitCode.Busy,
                Errno.ENOTCONN);
        }
    }
}
