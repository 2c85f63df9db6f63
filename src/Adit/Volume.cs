using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit;

public sealed partial class Volume : INodeOperations, IDisposable
{
    public static Volume Create(string path, CreateOptions options) => throw new NotImplementedException();

    public static void Format(string path, CreateOptions options) => throw new NotImplementedException();

    public static Volume Open(string path, VolumeOptions? options = null) => throw new NotImplementedException();

    public static void Format(Medium medium, FormatOptions options) => throw new NotImplementedException();

    public static Volume Open(Medium medium, VolumeOptions? options = null) => throw new NotImplementedException();

    public MetadataStore Store => throw new NotImplementedException();

    public bool IsReadOnly => throw new NotImplementedException();

    public VolumeInformation GetInformation() => throw new NotImplementedException();

    public AditFile OpenFile(
        string path,
        FileMode mode = FileMode.Open,
        FileAccess access = FileAccess.ReadWrite,
        uint permissions = 0x1A4 /* 0644 */,
        OpenIntent intent = 0) => throw new NotImplementedException();

    public AditFile OpenTemporary(string directory = "/") => throw new NotImplementedException();

    public void CreateDirectory(string path, uint permissions = 0x1ED /* 0755 */, bool parents = false) => throw new NotImplementedException();

    public void Delete(string path) => throw new NotImplementedException();

    public void DeleteDirectory(string path, bool recursive = false) => throw new NotImplementedException();

    public void Move(string from, string to, RenameFlags flags = RenameFlags.None) => throw new NotImplementedException();

    public void CreateLink(string path, string newPath) => throw new NotImplementedException();

    public void CreateSymbolicLink(string path, string target) => throw new NotImplementedException();

    public string ReadLink(string path) => throw new NotImplementedException();

    public bool Exists(string path, bool followLink = true) => throw new NotImplementedException();

    public NodeAttributes GetAttributes(string path, bool followLink = true) => throw new NotImplementedException();

    public NodeAttributes SetAttributes(string path, in AttributeChanges changes, bool followLink = true) => throw new NotImplementedException();

    public IEnumerable<DirectoryEntry> Enumerate(string path) => throw new NotImplementedException();

    public byte[]? GetExtendedAttribute(string path, string name, bool followLink = true) => throw new NotImplementedException();

    public void SetExtendedAttribute(string path, string name, ReadOnlySpan<byte> value, AttributeSetMode mode = AttributeSetMode.CreateOrReplace, bool followLink = true) => throw new NotImplementedException();

    public bool RemoveExtendedAttribute(string path, string name, bool followLink = true) => throw new NotImplementedException();

    public IReadOnlyList<string> ListExtendedAttributes(string path, bool followLink = true) => throw new NotImplementedException();

    public void Sync() => throw new NotImplementedException();

    public void CheckpointNow() => throw new NotImplementedException();

    public void Abandon() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();

    public Errno Lookup(InodeNumber parent, ReadOnlySpan<byte> name, out NodeAttributes attributes) => throw new NotImplementedException();

    public void Forget(InodeNumber inode, ulong count) => throw new NotImplementedException();

    public Errno GetAttributes(InodeNumber inode, out NodeAttributes attributes) => throw new NotImplementedException();

    public Errno SetAttributes(InodeNumber inode, in AttributeChanges changes, out NodeAttributes attributes) => throw new NotImplementedException();

    public Errno MakeNode(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, uint device, in Caller caller, out NodeAttributes attributes) => throw new NotImplementedException();

    public Errno MakeDirectory(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, in Caller caller, out NodeAttributes attributes) => throw new NotImplementedException();

    public Errno MakeSymbolicLink(InodeNumber parent, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in Caller caller, out NodeAttributes attributes) => throw new NotImplementedException();

    public Errno MakeTemporary(InodeNumber parent, uint mode, in Caller caller, out NodeAttributes attributes, out IOpenFile? file) => throw new NotImplementedException();

    public Errno Create(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, OpenIntent intent, in Caller caller, out NodeAttributes attributes, out IOpenFile? file) => throw new NotImplementedException();

    public Errno ReadSymbolicLink(InodeNumber inode, Span<byte> target, out int lengthBytes) => throw new NotImplementedException();

    public Errno Link(InodeNumber inode, InodeNumber newParent, ReadOnlySpan<byte> newName, out NodeAttributes attributes) => throw new NotImplementedException();

    public Errno Unlink(InodeNumber parent, ReadOnlySpan<byte> name) => throw new NotImplementedException();

    public Errno RemoveDirectory(InodeNumber parent, ReadOnlySpan<byte> name) => throw new NotImplementedException();

    public Errno Rename(InodeNumber parent, ReadOnlySpan<byte> name, InodeNumber newParent, ReadOnlySpan<byte> newName, RenameFlags flags) => throw new NotImplementedException();

    public Errno Open(InodeNumber inode, OpenIntent intent, out IOpenFile? file) => throw new NotImplementedException();

    public Errno ReadDirectory(InodeNumber directory, ulong cookie, bool withAttributes, IDirectorySink sink) => throw new NotImplementedException();

    public Errno SyncDirectory(InodeNumber directory) => throw new NotImplementedException();

    public Errno SyncVolume() => throw new NotImplementedException();

    public Errno GetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, Span<byte> value, out int lengthBytes) => throw new NotImplementedException();

    public Errno SetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetMode mode) => throw new NotImplementedException();

    public Errno RemoveExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name) => throw new NotImplementedException();

    public Errno ListExtendedAttributes(InodeNumber inode, Span<byte> names, out int lengthBytes) => throw new NotImplementedException();

    public VolumeSpace GetSpace() => throw new NotImplementedException();
}
