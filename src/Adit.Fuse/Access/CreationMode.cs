using Adit.Format;
using Adit.Fuse.Requests;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Access;

/// <summary>The mode of a new node, and the access lists that it inherits from its directory. A default list of the
/// directory replaces the creator's umask.</summary>
/// <param name="Mode">Type and permission bits to create with.</param>
/// <param name="AccessBytes">Length of the access list for the new node in the channel's scratch, or 0.</param>
/// <param name="DefaultBytes">Length of the directory's default list there, which a new directory gets too, or 0.</param>
internal readonly record struct CreationMode(uint Mode, int AccessBytes, int DefaultBytes)
{
    public static Errno For(ref Call call, uint requestedMode, uint umask, out CreationMode mode)
    {
        Span<byte> defaults = call.Channel.InheritedDefault;
        Errno outcome = call.Nodes.GetExtendedAttribute(call.Node, AccessControlList.DefaultName, defaults, out int lengthBytes);
        if (outcome is Errno.ENODATA or Errno.ENOTSUP)
        {
            mode = new CreationMode(requestedMode & ~(umask & 0x1FF), 0, 0);
            return Errno.Success;
        }

        if (outcome != Errno.Success || !AccessControlList.IsValid(defaults[..lengthBytes]))
        {
            mode = default;
            return outcome != Errno.Success ? outcome : Errno.EIO;
        }

        Span<byte> access = call.Channel.InheritedAccess[..lengthBytes];
        defaults[..lengthBytes].CopyTo(access);
        uint granted = requestedMode;
        bool isMinimal = AccessControlList.Inherit(access, ref granted);
        bool isDirectory = (FileType)(requestedMode & 0xF000) == FileType.Directory;
        mode = new CreationMode(granted, isMinimal ? 0 : lengthBytes, isDirectory ? lengthBytes : 0);
        return Errno.Success;
    }

    /// <summary>Gives the new node its lists.</summary>
    public Errno GiveLists(ref Call call, InodeNumber inode)
    {
        Errno outcome = Errno.Success;
        if (AccessBytes != 0)
        {
            ReadOnlySpan<byte> access = call.Channel.InheritedAccess[..AccessBytes];
            outcome = call.Nodes.SetExtendedAttribute(inode, AccessControlList.AccessName, access, AttributeSetMode.CreateOrReplace);
        }

        if (outcome == Errno.Success && DefaultBytes != 0)
        {
            ReadOnlySpan<byte> defaults = call.Channel.InheritedDefault[..DefaultBytes];
            outcome = call.Nodes.SetExtendedAttribute(inode, AccessControlList.DefaultName, defaults, AttributeSetMode.CreateOrReplace);
        }

        return outcome;
    }
}
