using Adit.Interop;
using Adit.Nodes;

namespace Adit.TestKit.Model;

public sealed partial class ModelFileSystem
{
    private Errno Change(FileTarget target, Func<ModelNode, ModelNode> change)
    {
        Errno found = FindFile(target, out ModelNode node);
        if (found == Errno.Success)
        {
            Set(change(node));
        }

        return found;
    }

    private Errno Write(WriteOperation operation, int? writtenBytes = null) => Change(
        operation.Target,
        node => node with
        {
            Content = node.Content.Write(
                operation.OffsetBytes,
                Pattern.Make(operation.LengthBytes, operation.Seed).AsSpan(0, writtenBytes ?? operation.LengthBytes)),
        });

    private Errno Append(AppendOperation operation, int? writtenBytes = null) => Change(
        operation.Target,
        node => node with
        {
            Content = node.Content.Write(
                node.Content.LengthBytes,
                Pattern.Make(operation.LengthBytes, operation.Seed).AsSpan(0, writtenBytes ?? operation.LengthBytes)),
        });

    private Errno Allocate(AllocateOperation operation)
    {
        bool keepsSize = (operation.Mode & AllocateMode.KeepSize) != 0;
        bool zeroes = (operation.Mode & (AllocateMode.PunchHole | AllocateMode.ZeroRange)) != 0;
        if ((operation.Mode & ~(AllocateMode.KeepSize | AllocateMode.PunchHole | AllocateMode.ZeroRange)) != 0
            || ((operation.Mode & AllocateMode.PunchHole) != 0 && !keepsSize))
        {
            return Errno.ENOTSUP;
        }

        return Change(
            operation.Target,
            node =>
            {
                ModelContent content = zeroes ? node.Content.Zero(operation.OffsetBytes, operation.LengthBytes) : node.Content;
                long end = operation.OffsetBytes + operation.LengthBytes;
                return node with { Content = keepsSize || end <= content.LengthBytes ? content : content.SetLength(end) };
            });
    }

    private Errno Read(ReadOperation operation)
    {
        Errno found = FindFile(operation.Target, out ModelNode node);
        if (found != Errno.Success)
        {
            return found;
        }

        long available = Math.Max(0, node.Content.LengthBytes - operation.OffsetBytes);
        LastRead = new byte[Math.Min(operation.LengthBytes, available)];
        node.Content.Read(operation.OffsetBytes, LastRead);
        return Errno.Success;
    }

    private Errno SetPermissions(SetPermissionsOperation operation)
    {
        Errno found = Find(operation.Path, out ModelNode node);
        if (found == Errno.Success)
        {
            Set(node with { Permissions = operation.Permissions });
        }

        return found;
    }

    private Errno SetAttribute(SetAttributeOperation operation)
    {
        Errno found = Find(operation.Path, out ModelNode node);
        if (found != Errno.Success)
        {
            return found;
        }

        bool exists = node.Attributes.ContainsKey(operation.Name);
        if (exists && operation.Mode == AttributeSetMode.Create)
        {
            return Errno.EEXIST;
        }

        if (!exists && operation.Mode == AttributeSetMode.Replace)
        {
            return Errno.ENODATA;
        }

        Set(node with { Attributes = node.Attributes.SetItem(operation.Name, Pattern.Make(operation.LengthBytes, operation.Seed)) });
        return Errno.Success;
    }

    private Errno RemoveAttribute(RemoveAttributeOperation operation)
    {
        Errno found = Find(operation.Path, out ModelNode node);
        if (found != Errno.Success)
        {
            return found;
        }

        if (!node.Attributes.ContainsKey(operation.Name))
        {
            return Errno.ENODATA;
        }

        Set(node with { Attributes = node.Attributes.Remove(operation.Name) });
        return Errno.Success;
    }
}
