using System.Collections.Immutable;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>A simple file system in memory: the oracle that a volume is compared with. It answers each operation with
/// the outcome that Linux gives, and knows nothing of media, space or crashes. Not thread-safe.</summary>
public sealed partial class ModelFileSystem(ModelState state)
{
    public ModelFileSystem()
        : this(ModelState.Fresh)
    {
    }

    /// <summary>The state now; older ones stay valid.</summary>
    public ModelState State { get; private set; } = state;

    /// <summary>The bytes of the last <see cref="ReadOperation"/>.</summary>
    public byte[] LastRead { get; private set; } = [];

    public Errno Apply(FileOperation operation) => operation switch
    {
        CreateOperation o => MakeNode(o.Path, FileType.Regular, 0x1A4, ""),
        MakeDirectoryOperation o => MakeNode(o.Path, FileType.Directory, 0x1ED, ""),
        MakeSymbolicLinkOperation o => MakeNode(o.Path, FileType.SymbolicLink, 0x1FF, o.Target),
        LinkOperation o => Link(o),
        UnlinkOperation o => Unlink(o.Path),
        RemoveDirectoryOperation o => RemoveDirectory(o.Path),
        RenameOperation o => Rename(o),
        OpenOperation o => Open(o),
        OpenTemporaryOperation o => OpenTemporary(o.Handle),
        CloseOperation o => Close(o.Handle),
        WriteOperation o => Write(o),
        AppendOperation o => Append(o),
        TruncateOperation o => Change(o.Target, node => node with { Content = node.Content.SetLength(o.LengthBytes) }),
        AllocateOperation o => Allocate(o),
        SetPermissionsOperation o => SetPermissions(o),
        SetAttributeOperation o => SetAttribute(o),
        RemoveAttributeOperation o => RemoveAttribute(o),
        ReadOperation o => Read(o),
        SyncFileOperation o => FindFile(o.Target, out _),
        SyncDirectoryOperation o => FindDirectory(o.Path, out _),
        SyncVolumeOperation or CheckpointOperation or SwitchQuotasOperation => Errno.Success,
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "an operation the model does not know"),
    };

    /// <summary>Goes back, or elsewhere.</summary>
    public void Reset(ModelState state) => State = state;

    /// <summary>Applies what a volume did of a write that ran out of space.</summary>
    public void ApplyPartly(FileOperation operation, int writtenBytes)
    {
        Errno result = operation switch
        {
            WriteOperation o => Write(o, writtenBytes),
            AppendOperation o => Append(o, writtenBytes),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "only a write is done in part"),
        };
        if (result != Errno.Success)
        {
            throw new InvalidOperationException($"{operation}: {writtenBytes} bytes written, though the model says {result}");
        }
    }

    private void Set(ModelNode node) => State = State with { Nodes = State.Nodes.SetItem(node.Id, node) };

    private void SetOrDrop(ModelNode node)
    {
        bool dead = node.LinkCount == 0 && !State.Handles.Values.Contains(node.Id);
        ImmutableDictionary<int, ModelNode> nodes = dead ? State.Nodes.Remove(node.Id) : State.Nodes.SetItem(node.Id, node);
        State = State with { Nodes = nodes };
    }

    private Errno Find(string path, out ModelNode node)
    {
        node = State.Root;
        foreach (string name in Split(path))
        {
            if (!node.IsDirectory)
            {
                return Errno.ENOTDIR;
            }

            if (!node.Entries.TryGetValue(name, out int id))
            {
                return Errno.ENOENT;
            }

            node = State.Nodes[id];
        }

        return Errno.Success;
    }

    private Errno FindParent(string path, out ModelNode parent, out string name)
    {
        int slash = path.LastIndexOf('/');
        name = path[(slash + 1)..];
        Errno found = Find(path[..slash], out parent);
        return found != Errno.Success ? found : parent.IsDirectory ? Errno.Success : Errno.ENOTDIR;
    }

    private Errno FindFile(FileTarget target, out ModelNode node)
    {
        if (target.Path is null)
        {
            node = State.Handles.TryGetValue(target.Handle, out int id) ? State.Nodes[id] : State.Root;
            return node.IsDirectory ? Errno.EBADF : Errno.Success;
        }

        Errno found = Find(target.Path, out node);
        return found != Errno.Success ? found : node.Type switch
        {
            FileType.Directory => Errno.EISDIR,
            FileType.SymbolicLink => Errno.ELOOP,
            _ => Errno.Success,
        };
    }

    private Errno FindDirectory(string path, out ModelNode node)
    {
        Errno found = Find(path, out node);
        return found != Errno.Success ? found : node.IsDirectory ? Errno.Success : Errno.ENOTDIR;
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
