using System.Collections.Immutable;
using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>Everything a model file system holds at one moment. Immutable: a history is a list of these.</summary>
public sealed record ModelState
{
    public const int RootId = 1;

    public static readonly ModelState Fresh = new();

    public ImmutableDictionary<int, ModelNode> Nodes { get; init; } = ImmutableDictionary<int, ModelNode>.Empty.Add(
        RootId,
        new ModelNode { Id = RootId, Type = FileType.Directory, Permissions = 0x1ED, LinkCount = 2, Parent = RootId });

    /// <summary>Open handles and the inodes they hold.</summary>
    public ImmutableDictionary<int, int> Handles { get; init; } = ImmutableDictionary<int, int>.Empty;

    public int NextId { get; init; } = RootId + 1;

    public ModelNode Root => Nodes[RootId];

    /// <summary>Every path but the root's, parents before children, with its inode.</summary>
    public IEnumerable<(string Path, ModelNode Node)> Walk()
    {
        Queue<(string Path, ModelNode Node)> open = new();
        open.Enqueue(("", Root));
        while (open.TryDequeue(out (string Path, ModelNode Node) directory))
        {
            foreach ((string name, int id) in directory.Node.Entries)
            {
                ModelNode node = Nodes[id];
                string path = $"{directory.Path}/{name}";
                yield return (path, node);
                if (node.IsDirectory)
                {
                    open.Enqueue((path, node));
                }
            }
        }
    }

    /// <summary>The state as it must be found after all handles are gone.</summary>
    public ModelState WithoutHandles()
    {
        ImmutableDictionary<int, ModelNode> nodes = Nodes.RemoveRange(Handles.Values.Where(id => Nodes[id].LinkCount == 0));
        return this with { Nodes = nodes, Handles = ImmutableDictionary<int, int>.Empty };
    }
}
