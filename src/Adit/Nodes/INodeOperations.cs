using Adit.Format;
using Adit.Interop;

namespace Adit.Nodes;

/// <summary>The file system by inode number, as a kernel's VFS would call it: outcomes are <see cref="Errno"/> values, names
/// are bytes, nothing is a path. Safe for many threads; nothing here throws for what a caller or a medium did wrong.</summary>
/// <remarks>Access rights are not checked here (a mount lets the kernel do it). A call that changes something is
/// durable when it returns on a medium with cheap fences; elsewhere within the commit interval, or at a sync.</remarks>
public interface INodeOperations
{
    /// <summary>Largest name of an entry, in bytes.</summary>
    const int MaxNameBytes = 255;

    bool IsReadOnly { get; }

    /// <summary>Finds an entry and retains its inode once (see <see cref="Forget"/>).</summary>
    Errno Lookup(InodeNumber parent, ReadOnlySpan<byte> name, out NodeAttributes attributes);

    /// <summary>Retains an inode by its number, for somebody who has kept that (a file handle).</summary>
    /// <returns>ESTALE: there is none, or it has no name any more and nobody has it open.</returns>
    Errno Retain(InodeNumber inode, out NodeAttributes attributes);

    /// <summary>Gives back <paramref name="count"/> retentions. An inode without names lives while it is retained or open.</summary>
    void Forget(InodeNumber inode, ulong count);

    Errno GetAttributes(InodeNumber inode, out NodeAttributes attributes);

    /// <param name="options">How to deal with those who use what a shorter size cuts off.</param>
    Errno SetAttributes(InodeNumber inode, in AttributeChanges changes, out NodeAttributes attributes, ChangeOptions options = default);

    /// <summary>Makes a file, FIFO, socket or device node (by the type bits of <paramref name="mode"/>) and retains it once.</summary>
    Errno MakeNode(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, uint device, in Caller caller, out NodeAttributes attributes);

    Errno MakeDirectory(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, in Caller caller, out NodeAttributes attributes);

    Errno MakeSymbolicLink(InodeNumber parent, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in Caller caller, out NodeAttributes attributes);

    /// <summary>Makes a file without a name (O_TMPFILE), open and retained once.</summary>
    Errno MakeTemporary(InodeNumber parent, uint mode, in Caller caller, out NodeAttributes attributes, out IOpenFile? file);

    /// <summary>Makes and opens a regular file in one step, retained once; EEXIST when the name is taken.</summary>
    Errno Create(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, OpenIntent intent, in Caller caller, out NodeAttributes attributes, out IOpenFile? file);

    Errno ReadSymbolicLink(InodeNumber inode, Span<byte> target, out int lengthBytes);

    /// <summary>Gives an inode another name and retains it once.</summary>
    Errno Link(InodeNumber inode, InodeNumber newParent, ReadOnlySpan<byte> newName, out NodeAttributes attributes);

    Errno Unlink(InodeNumber parent, ReadOnlySpan<byte> name);

    Errno RemoveDirectory(InodeNumber parent, ReadOnlySpan<byte> name);

    Errno Rename(InodeNumber parent, ReadOnlySpan<byte> name, InodeNumber newParent, ReadOnlySpan<byte> newName, RenameFlags flags);

    /// <summary>Opens a regular file.</summary>
    Errno Open(InodeNumber inode, OpenIntent intent, out IOpenFile? file);

    /// <summary>Opens a regular file again for somebody who had it open in another process: flags that refuse to open it now do not count.</summary>
    Errno Reopen(InodeNumber inode, OpenIntent intent, out IOpenFile? file) => Open(inode, intent & ~OpenIntent.Truncate, out file);

    /// <summary>Closes a file that nobody but the caller knows, and whom nobody calls any more: what it took may serve the next one that is
    /// opened.</summary>
    void Close(IOpenFile file) => file.Dispose();

    /// <summary>Visits entries behind <paramref name="cookie"/> (0: from the start, with "." and "..") until the sink
    /// returns false or none is left. An entry that is there all the time is seen exactly once, whatever else changes.</summary>
    /// <param name="withAttributes">Fill in <see cref="DirectoryItem.Attributes"/> and retain each accepted entry once, except "." and "..".</param>
    Errno ReadDirectory(InodeNumber directory, ulong cookie, bool withAttributes, IDirectorySink sink);

    /// <summary>fsync of a directory: what was done in it is durable on return.</summary>
    Errno SyncDirectory(InodeNumber directory);

    /// <summary>Everything done before is durable on return.</summary>
    Errno SyncVolume();

    /// <summary>Length of an attribute's value; copies it when <paramref name="value"/> is not empty (ERANGE when too short).</summary>
    Errno GetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, Span<byte> value, out int lengthBytes);

    Errno SetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetMode mode);

    Errno RemoveExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name);

    /// <summary>Zero-terminated names one after another; their length alone when <paramref name="names"/> is empty.</summary>
    Errno ListExtendedAttributes(InodeNumber inode, Span<byte> names, out int lengthBytes);

    VolumeSpace GetSpace();

    /// <summary>The space as it is seen at an inode: a directory's project may be limited to less than the volume has.</summary>
    VolumeSpace GetSpace(InodeNumber at) => GetSpace();
}
