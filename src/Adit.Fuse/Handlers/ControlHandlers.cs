using Adit.Fuse.Requests;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Handlers;

/// <summary>The conversation itself and the volume as a whole.</summary>
internal static class ControlHandlers
{
    public static Errno Init(ref Call call)
    {
        if (call.Session.Negotiated is not null || !ReadOffer(ref call, out InitIn offer))
        {
            return Errno.EINVAL;
        }

        if (offer.Major > Negotiation.Major)
        {
            // The kernel asks again, in the version named here.
            call.Reply.Append<InitOut>().Major = Negotiation.Major;
            return Errno.Success;
        }

        Negotiation negotiated = Negotiation.With(offer, call.Session.Rings is not null, call.Options.AllowIdMaps);
        call.Session.Negotiated = negotiated;
        if (offer.Major < Negotiation.Major || negotiated.Minor < Negotiation.OldestMinor)
        {
            call.Session.Negotiated = negotiated with { Minor = 0 };
            return Errno.EPROTO;
        }

        call.Reply.Append<InitOut>() = negotiated.ToReply(offer);
        return Errno.Success;
    }

    /// <summary>The last request of a mount, where the kernel sends one; the transport ends by itself.</summary>
    public static Errno Destroy(ref Call call) => Errno.Success;

    /// <summary>Marks the request in work; it finishes early or as always, and its reply ends the client's wait.</summary>
    public static Errno Interrupt(ref Call call)
    {
        if (call.Arguments.TryRead(out InterruptIn interrupt))
        {
            call.Session.TryInterrupt(interrupt.Unique);
        }

        return Errno.Success;
    }

    /// <summary>The answer to what a late reader over io_uring asked for (<see cref="Session.Rings.RingTransport.AskForOne"/>): that it comes is all that is wanted.</summary>
    public static Errno NotifyReply(ref Call call) => Errno.Success;

    public static Errno StatFs(ref Call call)
    {
        const uint BlockBytes = 4096;
        VolumeSpace space = call.Nodes.GetSpace(call.Node);
        ref StatFsOut reply = ref call.Reply.Append<StatFsOut>();
        reply.Blocks = (ulong)space.TotalBlocks;
        reply.FreeBlocks = (ulong)space.FreeBlocks;
        reply.AvailableBlocks = (ulong)space.FreeBlocks;
        reply.Files = (ulong)space.InodeCount;
        reply.FreeFiles = (ulong)space.FreeInodeCount;
        reply.BlockSize = BlockBytes;
        reply.FragmentSize = BlockBytes;
        reply.NameLength = INodeOperations.MaxNameBytes;
        return Errno.Success;
    }

    public static Errno SyncFs(ref Call call) => call.Nodes.SyncVolume();

    /// <summary>Kernels before 7.36 send the first four fields only.</summary>
    private static bool ReadOffer(ref Call call, out InitIn offer)
    {
        if (call.Arguments.TryRead(out offer))
        {
            return true;
        }

        offer = default;
        return call.Arguments.TryRead(out offer.Major) && call.Arguments.TryRead(out offer.Minor)
            && call.Arguments.TryRead(out offer.MaxReadahead) && call.Arguments.TryRead(out offer.Flags);
    }
}
