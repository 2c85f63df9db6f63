using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>Compares what was observed with a state of the model.</summary>
public static class StateComparison
{
    /// <param name="observed">What the file system under test shows.</param>
    /// <param name="expected">What it should show.</param>
    /// <param name="allowWord">Says whether a word of file content that differs may be so: inode of the model, offset of
    /// the aligned 8-byte word, the word observed. Null: never.</param>
    /// <param name="allowSize">Says whether a size that differs may be so. Null: never.</param>
    /// <returns>The first difference, or null.</returns>
    public static string? FindDifference(
        ObservedState observed,
        ModelState expected,
        Func<ModelNode, long, ulong, bool>? allowWord = null,
        Func<ModelNode, long, bool>? allowSize = null)
    {
        Dictionary<int, ulong> inodes = [];
        int count = 0;
        foreach ((string path, ModelNode node) in expected.Walk().Prepend((ObservedState.RootPath, expected.Root)))
        {
            count++;
            if (!observed.Paths.TryGetValue(path, out ObservedNode? seen))
            {
                return $"{path} is missing ({node.Type})";
            }

            if (inodes.TryGetValue(node.Id, out ulong inode))
            {
                if (inode != seen.Inode)
                {
                    return $"{path} is inode {seen.Inode}, its other name is inode {inode}";
                }

                continue;
            }

            inodes.Add(node.Id, seen.Inode);
            if (CompareNode(path, seen, node, allowWord, allowSize) is { } difference)
            {
                return difference;
            }
        }

        if (count != observed.Paths.Count)
        {
            HashSet<string> known = [ObservedState.RootPath, .. expected.Walk().Select(entry => entry.Path)];
            return $"{observed.Paths.Keys.First(path => !known.Contains(path))} should not be there";
        }

        return inodes.Values.Distinct().Count() == inodes.Count ? null : "two files share an inode";
    }

    private static string? CompareNode(
        string path,
        ObservedNode seen,
        ModelNode node,
        Func<ModelNode, long, ulong, bool>? allowWord,
        Func<ModelNode, long, bool>? allowSize)
    {
        if (seen.Type != node.Type)
        {
            return $"{path} is a {seen.Type}, expected a {node.Type}";
        }

        if (seen.LinkCount != node.LinkCount)
        {
            return $"{path} has {seen.LinkCount} links, expected {node.LinkCount}";
        }

        if (seen.Permissions != node.Permissions)
        {
            return $"{path} has permissions {Convert.ToString(seen.Permissions, 8)}, expected {Convert.ToString(node.Permissions, 8)}";
        }

        if (seen.Target != node.Target)
        {
            return $"{path} leads to '{seen.Target}', expected '{node.Target}'";
        }

        return CompareAttributes(path, seen, node)
            ?? (node.Type == FileType.Regular ? CompareContent(path, seen, node, allowWord, allowSize) : null);
    }

    private static string? CompareAttributes(string path, ObservedNode seen, ModelNode node)
    {
        foreach ((string name, byte[] value) in node.Attributes)
        {
            if (!seen.Attributes.TryGetValue(name, out byte[]? found))
            {
                return $"{path} lacks attribute {name}";
            }

            if (!found.AsSpan().SequenceEqual(value))
            {
                return $"{path} has another value of attribute {name}";
            }
        }

        return seen.Attributes.Count == node.Attributes.Count
            ? null
            : $"{path} has attribute {seen.Attributes.Keys.First(name => !node.Attributes.ContainsKey(name))}, which it should not";
    }

    private static string? CompareContent(
        string path,
        ObservedNode seen,
        ModelNode node,
        Func<ModelNode, long, ulong, bool>? allowWord,
        Func<ModelNode, long, bool>? allowSize)
    {
        if (seen.SizeBytes != node.Content.LengthBytes && allowSize?.Invoke(node, seen.SizeBytes) != true)
        {
            return $"{path} has {seen.SizeBytes} bytes, expected {node.Content.LengthBytes}";
        }

        foreach ((long index, byte[] page) in seen.Pages)
        {
            if (ComparePage(path, node, index, page, allowWord) is { } difference)
            {
                return difference;
            }
        }

        foreach ((long index, byte[] _) in node.Content.Pages)
        {
            if (!seen.Pages.ContainsKey(index)
                && ComparePage(path, node, index, new byte[ModelContent.PageSize], allowWord) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private static string? ComparePage(string path, ModelNode node, long index, byte[] page, Func<ModelNode, long, ulong, bool>? allowWord)
    {
        ReadOnlySpan<byte> expected = node.Content.Page(index);
        if (expected.SequenceEqual(page))
        {
            return null;
        }

        long start = index * ModelContent.PageSize;
        for (int at = 0; at < ModelContent.PageSize; at += 8)
        {
            ulong found = BitConverter.ToUInt64(page, at);
            ulong wanted = BitConverter.ToUInt64(expected[at..]);
            if (found != wanted && allowWord?.Invoke(node, start + at, found) != true)
            {
                return $"{path} holds {found:x16} at {start + at}, expected {wanted:x16}";
            }
        }

        return null;
    }
}
