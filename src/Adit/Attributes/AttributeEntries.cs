using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Trees;

namespace Adit.Attributes;

/// <summary>Finds extended attributes in the tree.</summary>
internal static class AttributeEntries
{
    /// <exception cref="TreeDamagedException">The tree, or an attribute in it, is damaged.</exception>
    public static AttributeHit Find(in TreeReader tree, in NameHash names, InodeNumber inode, ReadOnlySpan<byte> name)
    {
        ulong first = names.AttributeOffset(name);
        ulong free = first;
        TreeKey next = AttributeRecord.Key(inode, first);
        while (next.Offset < first + NameHash.SlotCount && TryGetNext(in tree, inode, ref next, out AttributeRecord attribute))
        {
            ulong offset = next.Offset - 1;
            if (offset >= first + NameHash.SlotCount)
            {
                break;
            }

            if (attribute.Name.SequenceEqual(name))
            {
                return new AttributeHit(true, offset, attribute.ValueLengthBytes, attribute.PieceCount);
            }

            if (offset == free)
            {
                free++;
            }
        }

        return new AttributeHit(false, free, 0, 0) { HasRoom = free < first + NameHash.SlotCount };
    }

    /// <summary>Reads the next attribute at or behind a key, and moves the key behind it.</summary>
    public static bool TryGetNext(in TreeReader tree, InodeNumber inode, ref TreeKey next, out AttributeRecord attribute)
    {
        if (!tree.TryGetAtOrAbove(next, out TreeKey found, out ReadOnlySpan<byte> value)
            || found.Inode != inode || found.Kind != RecordKind.Attribute)
        {
            attribute = default;
            return false;
        }

        if (!AttributeRecord.TryWrap(value, out attribute))
        {
            throw new TreeDamagedException($"{found}: not a valid extended attribute");
        }

        next = found.Next();
        return true;
    }

    /// <summary>Copies the value of an attribute that was found in the same view of the tree.</summary>
    public static void ReadValue(in TreeReader tree, InodeNumber inode, AttributeHit hit, Span<byte> value)
    {
        if (hit.PieceCount == 0)
        {
            if (tree.TryGet(AttributeRecord.Key(inode, hit.Offset), out ReadOnlySpan<byte> found)
                && AttributeRecord.TryWrap(found, out AttributeRecord attribute))
            {
                attribute.InlineValue.CopyTo(value);
            }

            return;
        }

        for (int piece = 0; piece < hit.PieceCount; piece++)
        {
            int from = piece * AttributeRecord.PieceBytes;
            int pieceBytes = Math.Min(AttributeRecord.PieceBytes, hit.ValueLengthBytes - from);
            if (!tree.TryGet(AttributeRecord.PieceKey(inode, hit.Offset, piece), out ReadOnlySpan<byte> found) || found.Length != pieceBytes)
            {
                throw new TreeDamagedException($"{inode}: piece {piece} of an extended attribute is missing or of the wrong length");
            }

            found.CopyTo(value[from..]);
        }
    }
}
