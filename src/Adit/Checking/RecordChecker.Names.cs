using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>Records that lie under the hash of a name.</summary>
internal sealed partial class RecordChecker
{
    private const ulong SlotMask = NameHash.SlotCount - 1;

    private void VisitEntry(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (_hasRecord && !_record.IsDirectory)
        {
            Drop(FindingKind.EntryInOther, key, "a directory", $"mode {Convert.ToString(_record.Mode, 8)}");
            return;
        }

        if (!DirectoryEntryRecord.TryWrap(value, out DirectoryEntryRecord entry) || !IsName(entry.Name))
        {
            Drop(FindingKind.EntryMalformed, key, "an entry with a name", $"{value.Length} bytes that are none");
            return;
        }

        ulong expected = _hash.EntryOffset(entry.Name);
        if ((key.Offset & ~SlotMask) != expected)
        {
            Drop(FindingKind.EntryMisplaced, key, $"a name with hash {key.Offset >> 8:x}", $"'{Text(entry.Name)}' with hash {expected >> 8:x}");
            return;
        }

        if (!IsNewInBucket(key, entry.Name))
        {
            Drop(FindingKind.EntryDuplicate, key, "one entry of a name", $"a second '{Text(entry.Name)}'");
            return;
        }

        EntryCount++;
        _entryBytes += value.Length;
    }

    private void VisitAttribute(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (!AttributeRecord.TryWrap(value, out AttributeRecord attribute))
        {
            Drop(FindingKind.AttributeMalformed, key, "an extended attribute", $"{value.Length} bytes that are none");
            return;
        }

        ulong expected = _hash.AttributeOffset(attribute.Name);
        if ((key.Offset & ~SlotMask) != expected || !IsNewInBucket(key, attribute.Name))
        {
            Drop(FindingKind.AttributeMisplaced, key, "one attribute under the hash of its name", $"'{Text(attribute.Name)}'");
            return;
        }

        _piecesExpected += attribute.PieceCount;
    }

    private void VisitAttributeValue(TreeKey key, ReadOnlySpan<byte> value)
    {
        InodeNumber inode = new(key.High);
        int piece = (int)(key.Offset & 0xFF);
        Lookup outcome = _structure.TryGet(AttributeRecord.Key(inode, key.Offset >> 8), out ReadOnlySpan<byte> owner);
        if (outcome == Lookup.Unknown)
        {
            return;
        }

        if (outcome == Lookup.Absent || !AttributeRecord.TryWrap(owner, out AttributeRecord attribute) || piece >= attribute.PieceCount
            || value.Length != Math.Min(AttributeRecord.PieceBytes, attribute.ValueLengthBytes - (piece * AttributeRecord.PieceBytes)))
        {
            Drop(FindingKind.AttributeMalformed, key, "a piece of an attribute's value", $"{value.Length} bytes that belong to none");
            return;
        }

        _pieces++;
    }

    /// <summary>Names with one hash lie side by side; there are hardly ever two.</summary>
    private bool IsNewInBucket(TreeKey key, ReadOnlySpan<byte> name)
    {
        ulong bucket = key.Low & ~SlotMask;
        if (bucket != _bucket)
        {
            _bucket = bucket;
            _bucketNames.Clear();
        }
        else
        {
            foreach (byte[] known in _bucketNames)
            {
                if (name.SequenceEqual(known))
                {
                    return false;
                }
            }
        }

        _bucketNames.Add(name.ToArray());
        return true;
    }

    private static bool IsName(ReadOnlySpan<byte> name) =>
        name.IndexOfAny((byte)'/', (byte)0) < 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    private static string Text(ReadOnlySpan<byte> name) => System.Text.Encoding.UTF8.GetString(name);
}
