using Adit.Cli.CommandLine;
using Adit.Cli.Mounts;
using Adit.Fuse.Mounting;
using Adit.Fuse.Options;
using Adit.Fuse.Succession;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Media;

namespace Adit.Cli.Holding;

/// <content>Other options for a mount that is there.</content>
/// <remarks>
/// <para>What the server decides is another server's to do: one of the same program, started with the new options, goes on as after an upgrade.</para>
/// <para>There is no moment at which the kernel lets writers in and the server does not take what they write. To become read-only the kernel goes first, which
/// it refuses while somebody can write; to become writable the server does. Where the second of the two fails, the first is undone.</para>
/// <para>A mount that is read-only has the volume open for reading, whatever it was before: the server before has closed the volume in order, nothing reaches
/// the medium any more, and others may read it too. What the kernel holds of files without names stays as it is, and they are removed
/// when the volume is opened for writing again.</para>
/// </remarks>
internal sealed partial class Holder
{
    private static bool IsReadOnly(HeldServerRequest request) => MountedVolume.IsReadOnly(request.Options);

    /// <summary>Changes the mount's options. Called by the thread that listens; returns when they hold, or the ones before do again.</summary>
    private UpgradeReply RemountTo(UpgradeRequest request)
    {
        if (request.Version != SessionMemory.Version)
        {
            throw new CommandFailure(
                $"the mount speaks version {SessionMemory.Version} of the hand-over, this program speaks {request.Version}: unmount and mount instead", errno: Errno.EPROTO);
        }

        var directory = request.Remount!.Directory;
        if (MountTable.Find(directory) is not { IsAdit: true } mounted || mounted.DeviceMinor != _memory.Connection)
        {
            throw new CommandFailure($"{directory} is not where the holder of {_request.Volume} sees its mount", errno: Errno.EINVAL);
        }

        var plan = RemountPlan.Make(mounted, MountedVolume.ParseOptions(_request.Options), request.Remount.Words);
        plan.CheckKernelPart();
        if (!plan.LetsWritersIn)
        {
            ChangeKernel(plan);
        }

        var reply = new UpgradeReply(null, Errno.Success, 0, _server!.ProcessId, 0);
        var before = _request;
        var wanted = before with { Options = MountOptionWords.ToText(plan.Wanted) };
        try
        {
            if (plan.ServerWords.Count > 0)
            {
                reply = ExchangeFor(wanted);
            }
        }
        catch (CommandFailure failure) when (!plan.LetsWritersIn)
        {
            throw plan.RestoreKernel() is { } reason
                ? new CommandFailure($"{failure.Message}; nor can the kernel's part of the mount become what it was: {reason}", failure.ExitCode, failure.Errno, failure)
                : failure;
        }

        if (plan.LetsWritersIn)
        {
            try
            {
                ChangeKernel(plan);
            }
            catch (CommandFailure) when (plan.ServerWords.Count > 0)
            {
                ExchangeFor(before);
                throw;
            }
        }

        _request = wanted;
        _log($"remounted {directory}: {wanted.Options}");
        return reply with { Options = wanted.Options };
    }

    private static void ChangeKernel(RemountPlan plan)
    {
        try
        {
            plan.ChangeKernel();
        }
        catch (Fuse.MountException exception)
        {
            throw CommandFailure.From(exception)!;
        }
    }

    /// <summary>Has a server of the same program go on with other options.</summary>
    private UpgradeReply ExchangeFor(HeldServerRequest request)
    {
        if (IsReadOnly(request) || VolumeOwnership.IsWritable(_volume))
        {
            return Exchange(_command, request, _volume);
        }

        FileDescriptor writable;
        try
        {
            writable = VolumeOwnership.OpenForWriting(_volume, request.Volume);
        }
        catch (MediumException exception)
        {
            throw new CommandFailure($"{exception.Message}; the mount stays read-only", errno: exception.Errno, inner: exception);
        }

        try
        {
            return Exchange(_command, request, writable);
        }
        finally
        {
            if (!ReferenceEquals(_volume, writable))
            {
                writable.Dispose();
            }
        }
    }

    /// <summary>Before a server goes on: the volume is its to write where it is to write it. No server has it open now.</summary>
    /// <exception cref="MediumException">EBUSY: others read it. ESTALE: it was lost.</exception>
    private static void PassVolume(FileDescriptor before, FileDescriptor after, HeldServerRequest request)
    {
        if (!IsReadOnly(request))
        {
            VolumeOwnership.Pass(before, after, request.Volume);
        }
    }

    /// <summary>A server that was to go on could not: the volume is as the one before needs it.</summary>
    /// <returns>Why it is not, or null: somebody else has it, and no server of this mount may go on.</returns>
    private string? ReturnVolume(Upgrade upgrade)
    {
        if (!IsReadOnly(_request))
        {
            return null;
        }

        try
        {
            VolumeOwnership.Share(upgrade.Volume, _request.Volume);
            VolumeOwnership.Share(_volume, _request.Volume);
            return null;
        }
        catch (MediumException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>A server goes on: what it was given is what holds from now on.</summary>
    private void Keep(Upgrade upgrade)
    {
        _command = upgrade.Command;
        _request = upgrade.Request;
        if (!ReferenceEquals(_volume, upgrade.Volume))
        {
            _volume.Dispose();
            _volume = upgrade.Volume;
        }

        if (IsReadOnly(_request))
        {
            VolumeOwnership.Share(_volume, _request.Volume);
        }
    }
}
