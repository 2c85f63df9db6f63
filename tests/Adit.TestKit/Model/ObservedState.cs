using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>What a file system under test shows of itself: every path with its node. Nodes with several names appear once.</summary>
public sealed class ObservedState
{
    public const string RootPath = "";

    /// <summary>By path; the root's is empty.</summary>
    public SortedDictionary<string, ObservedNode> Paths { get; } = new(StringComparer.Ordinal);
}

/// <summary>A node as it was seen.</summary>
public sealed class ObservedNode
{
    public required ulong Inode { get; init; }

    public required FileType Type { get; init; }

    public required uint Permissions { get; init; }

    public required uint LinkCount { get; init; }

    public required long SizeBytes { get; init; }

    public string Target { get; init; } = "";

    public SortedDictionary<string, byte[]> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>The pages of a regular file that are not all zeros, by index, each of 4 KiB with zeros behind the end.</summary>
    public Dictionary<long, byte[]> Pages { get; } = [];
}
