using System.Collections.Immutable;
using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>An inode of the model. Immutable: a change makes a new one, so that old states stay as they were.</summary>
public sealed record ModelNode
{
    /// <summary>The model's own number. The volume's numbers may differ.</summary>
    public required int Id { get; init; }

    public required FileType Type { get; init; }

    /// <summary>Permission bits.</summary>
    public required uint Permissions { get; init; }

    public required int LinkCount { get; init; }

    /// <summary>A directory's parent. Of a file: unused.</summary>
    public int Parent { get; init; }

    public ModelContent Content { get; init; } = ModelContent.Empty;

    public string Target { get; init; } = "";

    public ImmutableSortedDictionary<string, int> Entries { get; init; } = EmptyEntries;

    public ImmutableSortedDictionary<string, byte[]> Attributes { get; init; } = EmptyAttributes;

    public bool IsDirectory => Type == FileType.Directory;

    private static readonly ImmutableSortedDictionary<string, int> EmptyEntries =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);

    private static readonly ImmutableSortedDictionary<string, byte[]> EmptyAttributes =
        ImmutableSortedDictionary.Create<string, byte[]>(StringComparer.Ordinal);
}
