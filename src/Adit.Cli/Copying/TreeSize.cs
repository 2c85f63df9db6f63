using Adit.Cli.Trees;
using Adit.Nodes;

namespace Adit.Cli.Copying;

/// <summary>How many bytes a copy will move, for its progress bar.</summary>
internal static class TreeSize
{
    public static long Measure(IFileTree tree, string path)
    {
        if (tree.Find(path, followLink: false) is not { } node)
        {
            return 0;
        }

        return node.Type switch
        {
            FileType.Regular => node.SizeBytes,
            FileType.Directory => tree.List(path).Sum(entry => entry.IsDirectory
                ? Measure(tree, TreePath.Join(path, entry.Name))
                : entry.Type == FileType.Regular ? entry.SizeBytes : 0),
            _ => 0,
        };
    }
}
