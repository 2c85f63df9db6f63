using Adit.Nodes;
using Adit.TestKit.Model;

namespace Adit.TestKit.Crash.Files;

/// <summary>Turns what was read from files into content of the model.</summary>
internal static class ObservedContent
{
    /// <summary>The same state with the bytes that were observed in its files.</summary>
    public static ModelState Adopt(ModelState state, ObservedState observed)
    {
        foreach ((string path, ModelNode node) in state.Walk().ToList())
        {
            if (node.Type == FileType.Regular)
            {
                ModelNode adopted = node with { Content = ContentOf(observed.Paths[path]) };
                state = state with { Nodes = state.Nodes.SetItem(node.Id, adopted) };
            }
        }

        return state;
    }

    private static ModelContent ContentOf(ObservedNode node)
    {
        ModelContent content = ModelContent.Empty;
        foreach ((long index, byte[] page) in node.Pages)
        {
            content = content.Write(index * ModelContent.PageSize, page);
        }

        return content.SetLength(node.SizeBytes);
    }
}
