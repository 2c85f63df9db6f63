using Adit.Format;
using Adit.Fuse.Options;
using Adit.Fuse.Replies;
using Adit.Fuse.Session;
using Adit.Fuse.Succession;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Requests;

/// <summary>One request while it is served: who asks, about which node, the arguments left to read and the reply so far.
/// A handler returns an outcome; on success the reply's body is what it wrote, unless it has answered by itself.</summary>
internal unsafe ref struct Call(FuseSession session, ReaderChannel channel, InHeader* header, ReadOnlySpan<byte> arguments)
{
    private readonly InHeader* _header = header;

    public ArgumentCursor Arguments = new(arguments);
    public ReplyBody Reply = new(channel);

    private readonly int _epoch = session.Changes.Epoch;

    /// <summary>How long the kernel may use what this reply says: not at all when something was changed beside the mount since the request
    /// came. Asked after the reply's inodes were marked as cached.</summary>
    public readonly ulong LifetimeSeconds => Session.Changes.Epoch == _epoch ? (ulong)Options.Lifetime.TotalSeconds : 0;

    /// <summary>The handler has sent the reply, or there is none to send.</summary>
    public bool IsAnswered;

    public readonly FuseSession Session { get; } = session;

    public readonly ReaderChannel Channel { get; } = channel;

    public readonly INodeOperations Nodes => Session.Nodes;

    /// <summary>The part of the request that cannot be done twice was done by another server; only what follows it is to be done.</summary>
    public readonly bool IsDone => Channel.IsRepeat;

    /// <summary>The attributes of what a request that is done has made or linked; it is retained once, as that part of it would.</summary>
    public readonly Errno ReadMade(out NodeAttributes attributes) =>
        Nodes.GetAttributes(ServerSuccession.MadeBy(Channel.Area) ?? InodeNumber.Root, out attributes);

    public readonly MountOptions Options => Session.Options;

    public readonly ref readonly InHeader Header => ref *_header;

    public readonly InodeNumber Node => new(_header->NodeId);

    /// <summary>Root asks. Where the kernel does not say who asks (<see cref="MountOptions.AllowIdMaps"/>), the caller's process does, which waits for the
    /// reply; one that cannot be seen from here is not root. Of use for what is no right over others: the kernel has checked those.</summary>
    public readonly bool IsRoot => _header->UserId == 0 || (IsUnnamed && ProcessRights.IsOtherRoot(_header->ProcessId));

    /// <summary>The kernel does not say who asks. It has checked that he may.</summary>
    public readonly bool IsUnnamed => _header->UserId == InHeader.NobodySaid && (Session.Negotiated?.Has(InitFlags.AllowIdMap) ?? false);

    /// <summary>Who asks for something to be made, which will be his. Its umask is already out of the modes that handlers pass on.</summary>
    public readonly Caller Caller => new(_header->UserId, _header->GroupId);
}
