using Adit.Cli.CommandLine;
using Adit.Cli.Commands;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Inspection;

/// <summary>Runs the checker for the command line.</summary>
internal static class VolumeCheck
{
    public static CheckReport RunClosed(VolumeOperand operand, bool repair, ICheckListener listener)
    {
        using var volume = VolumeAccess.Open(operand, !repair);
        return Run(volume, repair, listener);
    }

    public static CheckReport Run(Volume volume, bool repair, ICheckListener listener) =>
        throw new CommandFailure("the checker is not part of this build yet", errno: Errno.ENOSYS);
}
