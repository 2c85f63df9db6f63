using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>Runs operations on a volume by inode number, as a mount's requests would. Not thread-safe.</summary>
public sealed partial class VolumeDriver(Volume volume) : IFileSystemDriver
{
    private readonly Dictionary<int, IOpenFile> _handles = [];
    private byte[] _buffer = new byte[4096];
    private int _readBytes;

    public Volume Volume { get; } = volume;

    public int LastWrittenBytes { get; private set; }

    public ReadOnlySpan<byte> LastRead => _buffer.AsSpan(0, _readBytes);

    public ObservedState Observe() => VolumeObserver.Observe(Volume);

    public Errno Apply(FileOperation operation)
    {
        LastWrittenBytes = 0;
        return operation switch
        {
            CreateOperation o => InParent(o.Path, (parent, name) => Keep(Volume.MakeNode(parent, name, (uint)FileType.Regular | 0x1A4, 0, default, out NodeAttributes made), made)),
            MakeDirectoryOperation o => InParent(o.Path, (parent, name) => Keep(Volume.MakeDirectory(parent, name, 0x1ED, default, out NodeAttributes made), made)),
            MakeSymbolicLinkOperation o => InParent(o.Path, (parent, name) => Keep(Volume.MakeSymbolicLink(parent, name, Encoding.UTF8.GetBytes(o.Target), default, out NodeAttributes made), made)),
            LinkOperation o => At(o.Path, inode => InParent(o.NewPath, (parent, name) => Keep(Volume.Link(inode, parent, name, out NodeAttributes made), made))),
            UnlinkOperation o => InParent(o.Path, (parent, name) => Volume.Unlink(parent, name)),
            RemoveDirectoryOperation o => InParent(o.Path, (parent, name) => Volume.RemoveDirectory(parent, name)),
            RenameOperation o => InParent(o.From, (from, name) => InParent(o.To, (to, newName) => Volume.Rename(from, name, to, newName, o.Flags))),
            OpenOperation o => Open(o),
            OpenTemporaryOperation o => OpenTemporary(o.Handle),
            CloseOperation o => Close(o.Handle),
            WriteOperation o => OnFile(o.Target, file => Write(file, o)),
            AppendOperation o => OnFile(o.Target, file => Append(file, o)),
            TruncateOperation o => OnFile(o.Target, file => file.SetLength(o.LengthBytes)),
            AllocateOperation o => OnFile(o.Target, file => file.Allocate(o.Mode, o.OffsetBytes, o.LengthBytes)),
            SetPermissionsOperation o => At(o.Path, inode => SetPermissions(inode, o.Permissions)),
            SetAttributeOperation o => At(o.Path, inode => Volume.SetExtendedAttribute(inode, Encoding.UTF8.GetBytes(o.Name), Pattern.Make(o.LengthBytes, o.Seed), o.Mode)),
            RemoveAttributeOperation o => At(o.Path, inode => Volume.RemoveExtendedAttribute(inode, Encoding.UTF8.GetBytes(o.Name))),
            ReadOperation o => OnFile(o.Target, file => Read(file, o)),
            SyncFileOperation o => OnFile(o.Target, file => file.Sync(dataOnly: false)),
            SyncDirectoryOperation o => At(o.Path, Volume.SyncDirectory),
            SyncVolumeOperation => Volume.SyncVolume(),
            CheckpointOperation => Volume.Store.Checkpoint(),
            SwitchQuotasOperation o => SwitchQuotas(o.On),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "an operation the driver does not know"),
        };
    }

    public void Dispose()
    {
        foreach (IOpenFile file in _handles.Values)
        {
            file.Dispose();
        }

        _handles.Clear();
    }

    private delegate Errno ParentAction(InodeNumber parent, byte[] name);

    /// <summary>Finds an inode, retains it for the call and gives it back.</summary>
    private Errno At(string path, Func<InodeNumber, Errno> action)
    {
        Errno found = Find(path, out InodeNumber inode);
        if (found != Errno.Success)
        {
            return found;
        }

        Errno result = action(inode);
        Release(inode);
        return result;
    }

    private Errno InParent(string path, ParentAction action)
    {
        int slash = path.LastIndexOf('/');
        byte[] name = Encoding.UTF8.GetBytes(path, slash + 1, path.Length - slash - 1);
        return At(path[..slash], parent => action(parent, name));
    }

    private Errno Find(string path, out InodeNumber inode)
    {
        inode = InodeNumber.Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            Errno found = Volume.Lookup(inode, Encoding.UTF8.GetBytes(name), out NodeAttributes child);
            Release(inode);
            if (found != Errno.Success)
            {
                return found;
            }

            inode = child.Inode;
        }

        return Errno.Success;
    }

    private void Release(InodeNumber inode)
    {
        if (inode != InodeNumber.Root)
        {
            Volume.Forget(inode, 1);
        }
    }

    private Errno Keep(Errno result, in NodeAttributes made)
    {
        if (result == Errno.Success)
        {
            Volume.Forget(made.Inode, 1);
        }

        return result;
    }

    private Errno SwitchQuotas(bool on)
    {
        try
        {
            if (on)
            {
                Volume.TurnQuotasOn();
            }
            else
            {
                Volume.TurnQuotasOff(forgetsLimits: true);
            }

            return Errno.Success;
        }
        catch (AditException failure)
        {
            return failure.Errno;
        }
    }

    /// <summary>Gives the inode away as well, to owners that follow from the permissions: the model knows none, but usage does.</summary>
    private Errno SetPermissions(InodeNumber inode, uint permissions)
    {
        AttributeChanges changes = new()
        {
            Fields = AttributeFields.Mode | AttributeFields.UserId | AttributeFields.GroupId | AttributeFields.Project,
            Mode = permissions,
            UserId = permissions % 5,
            GroupId = permissions % 3,
            ProjectId = permissions % 4,
        };
        return Volume.SetAttributes(inode, changes, out _);
    }
}
