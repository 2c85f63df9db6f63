using Adit.Cli.Commands;
using Adit.Cli.Trees;

namespace Adit.Cli.Copying;

/// <summary>The trees that the operands of one command lie in; each volume is opened once.</summary>
internal sealed class TreeSet : IDisposable
{
    private readonly HostTree _host = new("");
    private readonly Dictionary<string, IFileTree> _volumes = new(StringComparer.Ordinal);

    /// <summary>Finds the tree and the path of an operand. The target comes first: a volume that is both is opened for writing.</summary>
    public (IFileTree Tree, string Path) Resolve(string text, bool isReadOnly)
    {
        if (VolumeOperand.TryFile(text) is not { } operand)
        {
            return (_host, TreePath.Normalize(Path.GetFullPath(text)));
        }

        if (!_volumes.TryGetValue(operand.VolumePath, out var tree))
        {
            tree = VolumeAccess.Files(operand, isReadOnly);
            _volumes.Add(operand.VolumePath, tree);
        }

        return (tree, operand.InnerPath);
    }

    public void Dispose()
    {
        foreach (var tree in _volumes.Values)
        {
            tree.Dispose();
        }

        _host.Dispose();
    }
}
