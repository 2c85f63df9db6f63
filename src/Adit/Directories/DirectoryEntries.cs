using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Trees;

namespace Adit.Directories;

/// <summary>Finds entries of directories in the tree.</summary>
internal static class DirectoryEntries
{
    /// <summary>Looks for a name.</summary>
    /// <exception cref="TreeDamagedException">The tree, or an entry in it, is damaged.</exception>
    public static DirectoryHit Find(in TreeReader tree, in NameHash names, InodeNumber directory, ReadOnlySpan<byte> name)
    {
        ulong first = names.EntryOffset(name);
        TreeKey next = DirectoryEntryRecord.Key(directory, first);
        if (tree.TryGetRecent(next, out ReadOnlySpan<byte> recent) && Wrap(next, recent) is var made && made.Name.SequenceEqual(name))
        {
            return new DirectoryHit(true, first, made.Inode, made.TypeBits);
        }

        ulong free = first;
        while (tree.TryGetAtOrAbove(next, out TreeKey found, out ReadOnlySpan<byte> value)
            && found.Inode == directory && found.Kind == RecordKind.DirectoryEntry && found.Offset < first + NameHash.SlotCount)
        {
            DirectoryEntryRecord entry = Wrap(found, value);
            if (entry.Name.SequenceEqual(name))
            {
                return new DirectoryHit(true, found.Offset, entry.Inode, entry.TypeBits);
            }

            if (found.Offset == free)
            {
                free++;
            }

            next = found.Next();
        }

        return new DirectoryHit(false, free, default, 0) { HasRoom = free < first + NameHash.SlotCount };
    }

    public static bool IsEmpty(in TreeReader tree, InodeNumber directory) =>
        !tree.TryGetAtOrAbove(DirectoryEntryRecord.Key(directory, 0), out TreeKey found, out _)
        || found.Inode != directory || found.Kind != RecordKind.DirectoryEntry;

    public static DirectoryEntryRecord Wrap(TreeKey key, ReadOnlySpan<byte> value) =>
        DirectoryEntryRecord.TryWrap(value, out DirectoryEntryRecord entry)
            ? entry
            : throw new TreeDamagedException($"{key}: not a valid directory entry");
}
