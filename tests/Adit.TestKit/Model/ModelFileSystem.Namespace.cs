using Adit.Interop;
using Adit.Nodes;

namespace Adit.TestKit.Model;

public sealed partial class ModelFileSystem
{
    private Errno MakeNode(string path, FileType type, uint permissions, string target)
    {
        Errno found = FindParent(path, out ModelNode parent, out string name);
        if (found != Errno.Success)
        {
            return found;
        }

        if (parent.Entries.ContainsKey(name))
        {
            return Errno.EEXIST;
        }

        ModelNode node = new()
        {
            Id = State.NextId,
            Type = type,
            Permissions = permissions,
            LinkCount = type == FileType.Directory ? 2 : 1,
            Parent = parent.Id,
            Target = target,
        };
        State = State with { NextId = State.NextId + 1 };
        Set(node);
        Set(parent with
        {
            Entries = parent.Entries.Add(name, node.Id),
            LinkCount = parent.LinkCount + (node.IsDirectory ? 1 : 0),
        });
        return Errno.Success;
    }

    private Errno Link(LinkOperation operation)
    {
        Errno found = Find(operation.Path, out ModelNode node);
        if (found != Errno.Success)
        {
            return found;
        }

        found = FindParent(operation.NewPath, out ModelNode parent, out string name);
        if (found != Errno.Success)
        {
            return found;
        }

        if (parent.Entries.ContainsKey(name))
        {
            return Errno.EEXIST;
        }

        if (node.IsDirectory)
        {
            return Errno.EPERM;
        }

        Set(node with { LinkCount = node.LinkCount + 1 });
        Set(parent with { Entries = parent.Entries.Add(name, node.Id) });
        return Errno.Success;
    }

    private Errno Unlink(string path)
    {
        Errno found = FindParent(path, out ModelNode parent, out string name);
        if (found != Errno.Success)
        {
            return found;
        }

        if (!parent.Entries.TryGetValue(name, out int id))
        {
            return Errno.ENOENT;
        }

        if (State.Nodes[id].IsDirectory)
        {
            return Errno.EISDIR;
        }

        Set(parent with { Entries = parent.Entries.Remove(name) });
        Drop(id);
        return Errno.Success;
    }

    private Errno RemoveDirectory(string path)
    {
        Errno found = FindParent(path, out ModelNode parent, out string name);
        if (found != Errno.Success)
        {
            return found;
        }

        if (!parent.Entries.TryGetValue(name, out int id))
        {
            return Errno.ENOENT;
        }

        ModelNode node = State.Nodes[id];
        if (!node.IsDirectory)
        {
            return Errno.ENOTDIR;
        }

        if (!node.Entries.IsEmpty)
        {
            return Errno.ENOTEMPTY;
        }

        Set(parent with { Entries = parent.Entries.Remove(name), LinkCount = parent.LinkCount - 1 });
        State = State with { Nodes = State.Nodes.Remove(id) };
        return Errno.Success;
    }

    /// <summary>The checks in the order of Linux's renameat2.</summary>
    private Errno Rename(RenameOperation operation)
    {
        bool exchange = (operation.Flags & RenameFlags.Exchange) != 0;
        bool noReplace = (operation.Flags & RenameFlags.NoReplace) != 0;
        Errno found = FindParent(operation.From, out ModelNode fromParent, out string fromName);
        if (found == Errno.Success)
        {
            found = FindParent(operation.To, out _, out _);
        }

        if (found != Errno.Success)
        {
            return found;
        }

        if (!fromParent.Entries.TryGetValue(fromName, out int sourceId))
        {
            return Errno.ENOENT;
        }

        FindParent(operation.To, out ModelNode toParent, out string toName);
        ModelNode source = State.Nodes[sourceId];
        ModelNode? target = toParent.Entries.TryGetValue(toName, out int targetId) ? State.Nodes[targetId] : null;
        if (noReplace && target is not null)
        {
            return Errno.EEXIST;
        }

        if (exchange && target is null)
        {
            return Errno.ENOENT;
        }

        if (IsSelfOrAncestor(sourceId, toParent))
        {
            return Errno.EINVAL;
        }

        if (target is not null && IsSelfOrAncestor(targetId, fromParent))
        {
            return exchange ? Errno.EINVAL : Errno.ENOTEMPTY;
        }

        if (target is not null && targetId == sourceId)
        {
            return Errno.Success;
        }

        if (target is not null && !exchange)
        {
            if (source.IsDirectory && !target.IsDirectory)
            {
                return Errno.ENOTDIR;
            }

            if (!source.IsDirectory && target.IsDirectory)
            {
                return Errno.EISDIR;
            }

            if (!target.Entries.IsEmpty)
            {
                return Errno.ENOTEMPTY;
            }
        }

        Detach(fromParent.Id, fromName, source);
        if (target is not null)
        {
            Detach(toParent.Id, toName, target);
        }

        Attach(toParent.Id, toName, sourceId);
        if (target is not null && exchange)
        {
            Attach(fromParent.Id, fromName, targetId);
        }
        else if (target is { IsDirectory: true })
        {
            State = State with { Nodes = State.Nodes.Remove(targetId) };
        }
        else if (target is not null)
        {
            Drop(targetId);
        }

        return Errno.Success;
    }

    private bool IsSelfOrAncestor(int id, ModelNode directory)
    {
        while (directory.Id != id)
        {
            if (directory.Id == ModelState.RootId)
            {
                return false;
            }

            directory = State.Nodes[directory.Parent];
        }

        return true;
    }

    private void Detach(int parentId, string name, ModelNode child)
    {
        ModelNode parent = State.Nodes[parentId];
        Set(parent with { Entries = parent.Entries.Remove(name), LinkCount = parent.LinkCount - (child.IsDirectory ? 1 : 0) });
    }

    private void Attach(int parentId, string name, int childId)
    {
        ModelNode child = State.Nodes[childId];
        ModelNode parent = State.Nodes[parentId];
        Set(parent with { Entries = parent.Entries.Add(name, childId), LinkCount = parent.LinkCount + (child.IsDirectory ? 1 : 0) });
        if (child.IsDirectory)
        {
            Set(child with { Parent = parentId });
        }
    }

    private void Drop(int id)
    {
        ModelNode node = State.Nodes[id];
        SetOrDrop(node with { LinkCount = node.LinkCount - 1 });
    }

    private Errno Open(OpenOperation operation)
    {
        Errno found = FindFile(operation.Path, out ModelNode node);
        if (found != Errno.Success)
        {
            return found;
        }

        State = State with { Handles = State.Handles.Add(operation.Handle, node.Id) };
        return Errno.Success;
    }

    private Errno OpenTemporary(int handle)
    {
        ModelNode node = new()
        {
            Id = State.NextId,
            Type = FileType.Regular,
            Permissions = 0x1A4,
            LinkCount = 0,
        };
        State = State with
        {
            NextId = State.NextId + 1,
            Nodes = State.Nodes.Add(node.Id, node),
            Handles = State.Handles.Add(handle, node.Id),
        };
        return Errno.Success;
    }

    private Errno Close(int handle)
    {
        if (!State.Handles.TryGetValue(handle, out int id))
        {
            return Errno.EBADF;
        }

        State = State with { Handles = State.Handles.Remove(handle) };
        SetOrDrop(State.Nodes[id]);
        return Errno.Success;
    }
}
