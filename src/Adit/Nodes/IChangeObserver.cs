using Adit.Format;

namespace Adit.Nodes;

/// <summary>Told of every change of a volume as it happens, whoever makes it: for those who cache what the volume said, as a mount's
/// kernel does.</summary>
/// <remarks>All but <see cref="WaitUntilTold"/> are called under locks of the volume, when the change can be seen: they neither wait nor allocate
/// nor call the volume, and take no locks but their own.</remarks>
public interface IChangeObserver
{
    /// <summary>Bytes of a file changed, and with them its times, perhaps its blocks and its size.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many; 0: to the end of the file, as it was or is.</param>
    void DataChanged(InodeNumber inode, long offsetBytes, long lengthBytes);

    /// <summary>Times moved or blocks were given, beside any change of bytes.</summary>
    void UsageChanged(InodeNumber inode);

    /// <summary>A hole got its bytes from a page source: also a reader can be the cause of that.</summary>
    void PagesFilled(InodeNumber inode, long offsetBytes, long lengthBytes);

    /// <summary>Mode, owner, flags, links or extended attributes of a node changed.</summary>
    void AttributesChanged(InodeNumber inode);

    /// <summary>A name came, or means another node now, or went from a node that has others.</summary>
    void EntryChanged(InodeNumber directory, ReadOnlySpan<byte> name);

    /// <summary>A node lost its last name.</summary>
    void EntryRemoved(InodeNumber directory, InodeNumber node, ReadOnlySpan<byte> name);

    /// <summary>Called without locks at the end of an operation that changed something: returns when everything told so far has reached
    /// the caches, or when that takes too long.</summary>
    void WaitUntilTold();
}
