using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Fakes;

/// <summary>Nodes in memory under one lock: what requests and replies are tested against, byte by byte, without a volume.
/// Counts what a real volume counts and fails when told to.</summary>
internal sealed class MemoryNodes : INodeOperations, IDisposable
{
    private static readonly Timestamp Now = new(1_700_000_000, 5);
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, MemoryNode> _nodes = [];
    private ulong _nextInode = 2;
    private ulong _nextCookie = 3;

    public MemoryNodes() =>
        _nodes[1] = new MemoryNode { Attributes = Fresh(1, 0x41ED, default), Retained = 1 };

    public bool IsReadOnly { get; set; }

    /// <summary>A file that would be longer is out of space.</summary>
    public long MaxFileBytes { get; set; } = 64 << 20;

    /// <summary>Thrown by the next lookup.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Holds every lookup until it is set: a server that hangs.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    /// <summary>The first letter of the names that the gate holds; 0: all.</summary>
    public byte GatedLetter { get; set; }

    /// <summary>Called when attributes were read and the reply is not made yet.</summary>
    public Action? AfterAttributes { get; set; }

    /// <summary>What a direct read answers.</summary>
    public Errno DirectReadOutcome { get; set; }

    /// <summary>Longest piece of a direct read.</summary>
    public int SegmentBytes { get; set; } = 4096;

    public int SyncCount { get; set; }

    public int NodeCount => _nodes.Count;

    public long RetainedOf(ulong inode) => _nodes.TryGetValue(inode, out MemoryNode? node) ? node.Retained : 0;

    /// <summary>Frees the bytes of all files, also of those that were never given back.</summary>
    public void Dispose()
    {
        foreach (MemoryNode node in _nodes.Values)
        {
            node.Free();
        }

        _nodes.Clear();
    }

    public Lock.Scope Hold() => _lock.EnterScope();

    public void Enter() => _lock.Enter();

    public void Exit() => _lock.Exit();

    public Errno WriteTo(MemoryNode node, long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes)
    {
        writtenBytes = 0;
        if (offsetBytes + source.Length > MaxFileBytes)
        {
            return Errno.ENOSPC;
        }

        if (offsetBytes + source.Length > node.Attributes.SizeBytes)
        {
            node.SetLength(offsetBytes + source.Length);
        }

        unsafe
        {
            source.CopyTo(new Span<byte>(node.Data + offsetBytes, source.Length));
        }

        writtenBytes = source.Length;
        return Errno.Success;
    }

    public void DropIfUnused(MemoryNode node)
    {
        if (node.Attributes.LinkCount == 0 && node.Retained == 0 && node.OpenCount == 0)
        {
            node.Free();
            _nodes.Remove(node.Attributes.Inode.Value);
        }
    }

    public Errno Lookup(InodeNumber parent, ReadOnlySpan<byte> name, out NodeAttributes attributes)
    {
        if (GatedLetter == 0 || name[0] == GatedLetter)
        {
            Gate?.Wait();
        }

        if (Failure is { } failure)
        {
            Failure = null;
            throw failure;
        }

        using (Hold())
        {
            attributes = default;
            Errno outcome = FindEntry(parent, name, out _, out MemoryNode? node);
            if (outcome == Errno.Success)
            {
                node!.Retained++;
                attributes = node.Attributes;
            }

            return outcome;
        }
    }

    public Errno Retain(InodeNumber inode, out NodeAttributes attributes)
    {
        using (Hold())
        {
            attributes = default;
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node))
            {
                return Errno.ESTALE;
            }

            attributes = node.Attributes;
            node.Retained++;
            return Errno.Success;
        }
    }

    public void Forget(InodeNumber inode, ulong count)
    {
        using (Hold())
        {
            if (_nodes.TryGetValue(inode.Value, out MemoryNode? node))
            {
                node.Retained -= (long)count;
                DropIfUnused(node);
            }
        }
    }

    public Errno GetAttributes(InodeNumber inode, out NodeAttributes attributes)
    {
        using (Hold())
        {
            bool isThere = _nodes.TryGetValue(inode.Value, out MemoryNode? node);
            attributes = isThere ? node!.Attributes : default;
            AfterAttributes?.Invoke();
            return isThere ? Errno.Success : Errno.ENOENT;
        }
    }

    public Errno SetAttributes(InodeNumber inode, in AttributeChanges changes, out NodeAttributes attributes, ChangeOptions options = default)
    {
        using (Hold())
        {
            attributes = default;
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node))
            {
                return Errno.ENOENT;
            }

            AttributeFields fields = changes.Fields;
            if ((fields & AttributeFields.Size) != 0)
            {
                if (node.IsDirectory || changes.SizeBytes > MaxFileBytes)
                {
                    return node.IsDirectory ? Errno.EISDIR : Errno.EFBIG;
                }

                node.SetLength(changes.SizeBytes);
            }

            ref NodeAttributes now = ref node.Attributes;
            now.Mode = (fields & AttributeFields.Mode) != 0 ? (now.Mode & 0xF000) | changes.Mode : now.Mode;
            now.Mode = (fields & AttributeFields.KillPrivileges) != 0 ? now.Mode & ~0x800u & ((now.Mode & 8) != 0 ? ~0x400u : ~0u) : now.Mode;
            now.UserId = (fields & AttributeFields.UserId) != 0 ? changes.UserId : now.UserId;
            now.GroupId = (fields & AttributeFields.GroupId) != 0 ? changes.GroupId : now.GroupId;
            now.AccessTime = (fields & AttributeFields.AccessTime) != 0 ? changes.AccessTime : now.AccessTime;
            now.ModifyTime = (fields & AttributeFields.ModifyTime) != 0 ? changes.ModifyTime : now.ModifyTime;
            now.AccessTime = (fields & AttributeFields.AccessTimeNow) != 0 ? Now : now.AccessTime;
            now.ModifyTime = (fields & AttributeFields.ModifyTimeNow) != 0 ? Now : now.ModifyTime;
            now.Flags = (fields & AttributeFields.Flags) != 0 ? (now.Flags & ~changes.FlagsMask) | (changes.Flags & changes.FlagsMask) : now.Flags;
            now.ProjectId = (fields & AttributeFields.Project) != 0 ? changes.ProjectId : now.ProjectId;
            attributes = now;
            return Errno.Success;
        }
    }

    public Errno MakeNode(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, uint device, in Caller caller, out NodeAttributes attributes) =>
        Make(parent, name, mode, device, caller, [], out attributes, out _);

    public Errno MakeDirectory(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, in Caller caller, out NodeAttributes attributes) =>
        Make(parent, name, (uint)FileType.Directory | (mode & 0xFFF), 0, caller, [], out attributes, out _);

    public Errno MakeSymbolicLink(InodeNumber parent, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in Caller caller, out NodeAttributes attributes) =>
        Make(parent, name, (uint)FileType.SymbolicLink | 0x1FF, 0, caller, target.ToArray(), out attributes, out _);

    public Errno MakeTemporary(InodeNumber parent, uint mode, in Caller caller, out NodeAttributes attributes, out IOpenFile? file)
    {
        using (Hold())
        {
            MemoryNode node = new() { Attributes = Fresh(_nextInode++, mode, caller), Retained = 1, OpenCount = 1 };
            node.Attributes.LinkCount = 0;
            _nodes[node.Attributes.Inode.Value] = node;
            attributes = node.Attributes;
            file = new MemoryFile(this, node);
            return Errno.Success;
        }
    }

    public Errno Create(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, OpenIntent intent, in Caller caller, out NodeAttributes attributes, out IOpenFile? file)
    {
        file = null;
        Errno outcome = Make(parent, name, (uint)FileType.Regular | (mode & 0xFFF), 0, caller, [], out attributes, out MemoryNode? node);
        if (outcome == Errno.Success)
        {
            node!.OpenCount++;
            file = new MemoryFile(this, node);
        }

        return outcome;
    }

    public Errno ReadSymbolicLink(InodeNumber inode, Span<byte> target, out int lengthBytes)
    {
        using (Hold())
        {
            lengthBytes = 0;
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node) || node.Attributes.Type != FileType.SymbolicLink)
            {
                return Errno.EINVAL;
            }

            lengthBytes = Math.Min(node.Target.Length, target.Length);
            node.Target.AsSpan(0, lengthBytes).CopyTo(target);
            return Errno.Success;
        }
    }

    public Errno Link(InodeNumber inode, InodeNumber newParent, ReadOnlySpan<byte> newName, out NodeAttributes attributes)
    {
        using (Hold())
        {
            attributes = default;
            Errno outcome = FindEntry(newParent, newName, out MemoryNode? directory, out _);
            if (outcome != Errno.ENOENT || directory is null)
            {
                return outcome == Errno.Success ? Errno.EEXIST : outcome;
            }

            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node) || node.IsDirectory)
            {
                return node is null ? Errno.ENOENT : Errno.EPERM;
            }

            Insert(directory, newName, node);
            node.Attributes.LinkCount++;
            node.Retained++;
            attributes = node.Attributes;
            return Errno.Success;
        }
    }

    public Errno Unlink(InodeNumber parent, ReadOnlySpan<byte> name) => Remove(parent, name, directories: false);

    public Errno RemoveDirectory(InodeNumber parent, ReadOnlySpan<byte> name) => Remove(parent, name, directories: true);

    public Errno Rename(InodeNumber parent, ReadOnlySpan<byte> name, InodeNumber newParent, ReadOnlySpan<byte> newName, RenameFlags flags)
    {
        using (Hold())
        {
            Errno outcome = FindEntry(parent, name, out MemoryNode? from, out MemoryNode? node);
            if (outcome != Errno.Success)
            {
                return outcome;
            }

            outcome = FindEntry(newParent, newName, out MemoryNode? to, out MemoryNode? replaced);
            if (outcome is not (Errno.Success or Errno.ENOENT) || to is null)
            {
                return outcome;
            }

            if (replaced is not null)
            {
                if ((flags & RenameFlags.NoReplace) != 0)
                {
                    return Errno.EEXIST;
                }

                if (replaced == node)
                {
                    return Errno.Success;
                }

                outcome = Remove(newParent, newName, replaced.IsDirectory);
                if (outcome != Errno.Success)
                {
                    return outcome;
                }
            }

            TakeOut(from!, name);
            Insert(to, newName, node!);
            node!.Parent = to;
            return Errno.Success;
        }
    }

    public Errno Open(InodeNumber inode, OpenIntent intent, out IOpenFile? file)
    {
        using (Hold())
        {
            file = null;
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node) || node.Attributes.Type != FileType.Regular)
            {
                return node is null ? Errno.ENOENT : Errno.EISDIR;
            }

            if ((intent & OpenIntent.Truncate) != 0)
            {
                node.SetLength(0);
            }

            node.OpenCount++;
            file = new MemoryFile(this, node);
            return Errno.Success;
        }
    }

    public Errno ReadDirectory(InodeNumber directory, ulong cookie, bool withAttributes, IDirectorySink sink)
    {
        using (Hold())
        {
            if (!_nodes.TryGetValue(directory.Value, out MemoryNode? node) || !node.IsDirectory)
            {
                return Errno.ENOTDIR;
            }

            ulong parent = (node.Parent ?? node).Attributes.Inode.Value;
            bool goesOn = cookie > 0 || Give(sink, "."u8, directory.Value, FileType.Directory, 1, default);
            goesOn = goesOn && (cookie > 1 || Give(sink, ".."u8, parent, FileType.Directory, 2, default));
            foreach ((ulong at, byte[] name, MemoryNode entry) in node.Entries)
            {
                if (at > cookie && goesOn)
                {
                    goesOn = Give(sink, name, entry.Attributes.Inode.Value, entry.Attributes.Type, at, entry.Attributes);
                    entry.Retained += goesOn && withAttributes ? 1 : 0;
                }
            }

            return Errno.Success;
        }
    }

    public Errno SyncDirectory(InodeNumber directory) => Errno.Success;

    public Errno SyncVolume()
    {
        SyncCount++;
        return Errno.Success;
    }

    public Errno GetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, Span<byte> value, out int lengthBytes)
    {
        using (Hold())
        {
            lengthBytes = 0;
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node))
            {
                return Errno.ENOENT;
            }

            if (node.ExtendedAttributes.Count == 0 || !node.ExtendedAttributes.TryGetValue(Text(name), out byte[]? found))
            {
                return Errno.ENODATA;
            }

            lengthBytes = found.Length;
            if (value.IsEmpty)
            {
                return Errno.Success;
            }

            return found.AsSpan().TryCopyTo(value) ? Errno.Success : Errno.ERANGE;
        }
    }

    public Errno SetExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetMode mode)
    {
        using (Hold())
        {
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node))
            {
                return Errno.ENOENT;
            }

            bool isThere = node.ExtendedAttributes.ContainsKey(Text(name));
            if (mode != AttributeSetMode.CreateOrReplace && isThere != (mode == AttributeSetMode.Replace))
            {
                return isThere ? Errno.EEXIST : Errno.ENODATA;
            }

            node.ExtendedAttributes[Text(name)] = value.ToArray();
            return Errno.Success;
        }
    }

    public Errno RemoveExtendedAttribute(InodeNumber inode, ReadOnlySpan<byte> name)
    {
        using (Hold())
        {
            return _nodes.TryGetValue(inode.Value, out MemoryNode? node) && node.ExtendedAttributes.Remove(Text(name)) ? Errno.Success : Errno.ENODATA;
        }
    }

    public Errno ListExtendedAttributes(InodeNumber inode, Span<byte> names, out int lengthBytes)
    {
        using (Hold())
        {
            lengthBytes = 0;
            if (!_nodes.TryGetValue(inode.Value, out MemoryNode? node))
            {
                return Errno.ENOENT;
            }

            byte[] all = Encoding.Latin1.GetBytes(string.Concat(node.ExtendedAttributes.Keys.Select(name => name + "\0")));
            lengthBytes = all.Length;
            return names.IsEmpty || all.AsSpan().TryCopyTo(names) ? Errno.Success : Errno.ERANGE;
        }
    }

    public VolumeSpace GetSpace() => new(1000, 900, 100, 90);

    private static NodeAttributes Fresh(ulong inode, uint mode, in Caller caller) => new()
    {
        Inode = new InodeNumber(inode),
        Mode = mode,
        LinkCount = 1,
        UserId = caller.UserId,
        GroupId = caller.GroupId,
        AccessTime = Now,
        ModifyTime = Now,
        ChangeTime = Now,
        BirthTime = Now,
        Generation = 7,
    };

    private static string Text(ReadOnlySpan<byte> name) => Encoding.Latin1.GetString(name);

    private static bool Give(IDirectorySink sink, ReadOnlySpan<byte> name, ulong inode, FileType type, ulong cookie, in NodeAttributes attributes) =>
        sink.Accept(new DirectoryItem { Name = name, Inode = new InodeNumber(inode), Type = type, Cookie = cookie, Attributes = attributes });

    private Errno FindEntry(InodeNumber parent, ReadOnlySpan<byte> name, out MemoryNode? directory, out MemoryNode? node)
    {
        node = null;
        if (!_nodes.TryGetValue(parent.Value, out directory) || !directory.IsDirectory)
        {
            Errno outcome = directory is null ? Errno.ENOENT : Errno.ENOTDIR;
            directory = null;
            return outcome;
        }

        foreach ((_, byte[] entryName, MemoryNode entry) in directory.Entries)
        {
            if (name.SequenceEqual(entryName))
            {
                node = entry;
                return Errno.Success;
            }
        }

        return Errno.ENOENT;
    }

    private Errno Make(InodeNumber parent, ReadOnlySpan<byte> name, uint mode, uint device, in Caller caller, byte[] target, out NodeAttributes attributes, out MemoryNode? node)
    {
        using (Hold())
        {
            attributes = default;
            node = null;
            Errno outcome = FindEntry(parent, name, out MemoryNode? directory, out _);
            if (outcome != Errno.ENOENT || directory is null)
            {
                return outcome == Errno.Success ? Errno.EEXIST : outcome;
            }

            node = new MemoryNode { Attributes = Fresh(_nextInode++, mode, caller), Retained = 1, Target = target, Parent = directory };
            node.Attributes.Device = device;
            node.Attributes.SizeBytes = target.Length;
            _nodes[node.Attributes.Inode.Value] = node;
            Insert(directory, name, node);
            attributes = node.Attributes;
            return Errno.Success;
        }
    }

    private void Insert(MemoryNode directory, ReadOnlySpan<byte> name, MemoryNode node) =>
        directory.Entries.Add((_nextCookie++, name.ToArray(), node));

    private static void TakeOut(MemoryNode directory, ReadOnlySpan<byte> name)
    {
        for (int index = 0; index < directory.Entries.Count; index++)
        {
            if (name.SequenceEqual(directory.Entries[index].Name))
            {
                directory.Entries.RemoveAt(index);
                return;
            }
        }
    }

    private Errno Remove(InodeNumber parent, ReadOnlySpan<byte> name, bool directories)
    {
        using (Hold())
        {
            Errno outcome = FindEntry(parent, name, out MemoryNode? directory, out MemoryNode? node);
            if (outcome != Errno.Success)
            {
                return outcome;
            }

            if (node!.IsDirectory != directories)
            {
                return directories ? Errno.ENOTDIR : Errno.EISDIR;
            }

            if (node.Entries.Count > 0)
            {
                return Errno.ENOTEMPTY;
            }

            TakeOut(directory!, name);
            node.Attributes.LinkCount--;
            DropIfUnused(node);
            return Errno.Success;
        }
    }
}
