using Adit.Nodes;

namespace Adit.Cli.Trees;

/// <summary>The files of a volume that this process has opened.</summary>
internal sealed class VolumeTree(Volume volume, string operand) : IFileTree
{
    private bool _changed;

    public string Identity { get; } = "volume:" + Path.GetFullPath(operand);

    public string Show(string path) => $"{operand}:{path}";

    public TreeNode? Find(string path, bool followLink = true) =>
        volume.Exists(path, followLink) ? ToNode(TreePath.NameOf(path), volume.GetAttributes(path, followLink)) : null;

    public IEnumerable<TreeNode> List(string path)
    {
        foreach (var entry in volume.Enumerate(path))
        {
            yield return ToNode(entry.Name, entry.Attributes);
        }
    }

    public Stream OpenRead(string path) => volume.OpenFile(path, FileMode.Open, FileAccess.Read).AsStream();

    public Stream Create(string path, uint permissions)
    {
        _changed = true;
        return volume.OpenFile(path, FileMode.Create, FileAccess.Write, permissions).AsStream();
    }

    public void MakeDirectory(string path, uint permissions, bool parents)
    {
        _changed = true;
        volume.CreateDirectory(path, permissions, parents);
    }

    public void Delete(string path)
    {
        _changed = true;
        volume.Delete(path);
    }

    public void DeleteDirectory(string path, bool recursive)
    {
        _changed = true;
        volume.DeleteDirectory(path, recursive);
    }

    public void Move(string from, string to)
    {
        _changed = true;
        volume.Move(from, to);
    }

    public string ReadLink(string path) => volume.ReadLink(path);

    public void MakeSymbolicLink(string path, string target)
    {
        _changed = true;
        volume.CreateSymbolicLink(path, target);
    }

    public void SetPermissions(string path, uint permissions) =>
        volume.SetAttributes(path, new AttributeChanges { Fields = AttributeFields.Mode, Mode = permissions });

    public void SetModifyTime(string path, Timestamp time) =>
        volume.SetAttributes(path, new AttributeChanges { Fields = AttributeFields.ModifyTime, ModifyTime = time }, followLink: false);

    public void Flush()
    {
        if (_changed)
        {
            volume.Sync();
        }
    }

    public void Dispose() => volume.Dispose();

    private static TreeNode ToNode(string name, in NodeAttributes attributes) => new(
        name, attributes.Inode.Value, attributes.Mode, attributes.LinkCount, attributes.UserId, attributes.GroupId,
        attributes.SizeBytes, attributes.ModifyTime);
}
