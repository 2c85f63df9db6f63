using System.Text;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Metadata;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Checking;

/// <summary>Carries out the steps of one round, each in a transaction of its own. Steps may be out of date by the time they are
/// done; what is left over is found by the next round.</summary>
internal sealed class RecordRepairer(MetadataStore store, Action<string> say)
{
    private readonly NameHash _hash = new(store.Identity.VolumeId);

    public void Do(IReadOnlyList<RepairStep> steps)
    {
        foreach (RepairStep step in steps)
        {
            Do(step);
        }
    }

    private void Do(in RepairStep step)
    {
        InodeNumber inode = step.Key.Inode;
        switch (step.Kind)
        {
            case RepairKind.DeleteRecord when step.Key.Kind == RecordKind.Attribute && step.Value == 1:
                DeleteAttributes(inode, step.Why);
                break;
            case RepairKind.DeleteRecord:
                DeleteRecord(step.Key);
                say($"The record at {step.Key} is removed: {step.Why}.");
                break;
            case RepairKind.SetLinkCount:
                Change(step, static (ref record, value) => record.LinkCount = (uint)value);
                break;
            case RepairKind.SetSize:
                Change(step, static (ref record, value) => record.SizeBytes = value);
                break;
            case RepairKind.SetBlockCount:
                Change(step, static (ref record, value) => record.BlockCount = value);
                break;
            case RepairKind.SetParent:
                Change(step, static (ref record, value) => record.Parent = (ulong)value);
                break;
            case RepairKind.SetEntryType:
                SetEntryType(step);
                break;
            case RepairKind.MakeInode:
                MakeInode(inode, (uint)step.Value, long.Parse(step.Why) << Geometry.BlockShift);
                say($"{inode} has records but no attributes: it gets new ones.");
                break;
            case RepairKind.MakeRoot:
                MakeInode(inode, 0x4000 | 0x1ED, 0);
                say("The root directory is made anew.");
                break;
            case RepairKind.Name:
                string name = NameInLostAndFound(inode, (uint)step.Value);
                say($"{inode} had no name: it is in lost+found as '{name}'.");
                break;
            case RepairKind.SetQuotaBlocks:
                SetUsage(step, static (ref record, value) => record.UsedBlocks = value);
                break;
            case RepairKind.SetQuotaInodes:
                SetUsage(step, static (ref record, value) => record.UsedInodes = value);
                break;
            case RepairKind.Unname:
                Unname(new InodeNumber((ulong)step.Value), inode);
                say($"{inode} loses its name: {step.Why}.");
                break;
        }
    }

    private delegate void InodeChange(ref InodeRecord record, long value);

    private delegate void QuotaChange(ref QuotaRecord record, long value);

    /// <summary>What else the record says, its limits, stays.</summary>
    private void SetUsage(in RepairStep step, QuotaChange change)
    {
        Span<byte> value = stackalloc byte[QuotaRecord.SizeBytesOnMedium];
        QuotaRecord record = default;
        if (TryRead(step.Key, value, out int lengthBytes) && !QuotaRecord.TryRead(value[..lengthBytes], out record))
        {
            // It is removed in this round, and counted in the next.
            return;
        }

        change(ref record, step.Value);
        Put(step.Key, record.AsBytes());
        say($"A quota is corrected: {step.Why}.");
    }

    private Transaction Begin()
    {
        Errno outcome = store.Begin(out Transaction transaction, TransactionSize.Freeing);
        return outcome == Errno.Success
            ? transaction
            : throw new VolumeException(outcome, $"The repair of {store.Medium.Name} stops: no transaction can be made ({outcome}).");
    }

    private bool TryRead(TreeKey key, Span<byte> value, out int lengthBytes)
    {
        using TreeReader reader = store.Read();
        bool isFound = reader.TryGet(key, out ReadOnlySpan<byte> bytes) && bytes.Length <= value.Length;
        lengthBytes = isFound ? bytes.Length : 0;
        if (isFound)
        {
            bytes.CopyTo(value);
        }

        return isFound;
    }

    private void Put(TreeKey key, ReadOnlySpan<byte> value)
    {
        Transaction transaction = Begin();
        using TransactionScope open = new(transaction);
        transaction.Put(key, value);
        transaction.Commit();
    }

    private void DeleteRecord(TreeKey key)
    {
        Span<byte> value = stackalloc byte[Transaction.MaxValueBytes];
        if (!TryRead(key, value, out int lengthBytes))
        {
            return;
        }

        Transaction transaction = Begin();
        using TransactionScope open = new(transaction);
        if (key.Kind == RecordKind.Extent && lengthBytes == ExtentRecord.SizeBytes)
        {
            transaction.DeleteExtent(key.Inode, (long)key.Offset);
            transaction.Free(ExtentRecord.Read(value).Blocks);
        }
        else
        {
            transaction.Delete(key);
        }

        transaction.Commit();
    }

    /// <summary>An extended attribute that lost a piece is no use, and which one it is, its pieces do not tell: those with
    /// pieces go.</summary>
    private void DeleteAttributes(InodeNumber inode, string why)
    {
        say($"The long extended attributes of {inode} are removed: {why}.");
        TreeKey key = AttributeRecord.Key(inode, 0);
        Span<byte> value = stackalloc byte[Transaction.MaxValueBytes];
        while (TryNext(key, out key) && key.Inode == inode && key.Kind <= RecordKind.AttributeValue)
        {
            bool isShort = key.Kind == RecordKind.Attribute && TryRead(key, value, out int lengthBytes)
                && AttributeRecord.TryWrap(value[..lengthBytes], out AttributeRecord attribute) && attribute.IsInline;
            if (!isShort)
            {
                DeleteRecord(key);
            }

            key = key.Next();
        }
    }

    private bool TryNext(TreeKey from, out TreeKey found)
    {
        using TreeReader reader = store.Read();
        return reader.TryGetAtOrAbove(from, out found, out _);
    }

    private void Change(in RepairStep step, InodeChange change)
    {
        Span<byte> value = stackalloc byte[InodeRecord.SizeBytesOnMedium];
        if (TryRead(step.Key, value, out _) && InodeRecord.TryRead(value, out InodeRecord record))
        {
            change(ref record, step.Value);
            Put(step.Key, record.AsBytes());
            say($"{step.Key.Inode} is corrected: {step.Why}.");
        }
    }

    private void SetEntryType(in RepairStep step)
    {
        Span<byte> value = stackalloc byte[DirectoryEntryRecord.MaxSizeBytes];
        if (TryRead(step.Key, value, out int lengthBytes) && DirectoryEntryRecord.TryWrap(value[..lengthBytes], out DirectoryEntryRecord entry))
        {
            byte[] name = entry.Name.ToArray();
            DirectoryEntryRecord.Write(value, entry.Inode, (uint)step.Value, name);
            Put(step.Key, value[..lengthBytes]);
            say($"The entry '{Encoding.UTF8.GetString(name)}' is corrected: {step.Why}.");
        }
    }

    private void MakeInode(InodeNumber inode, uint mode, long sizeBytes)
    {
        long now = store.Options.Time.GetUtcNow().ToUnixTimeSeconds();
        InodeRecord record = new()
        {
            Mode = mode,
            LinkCount = (mode & 0xF000) == 0x4000 ? 2u : 0u,
            SizeBytes = sizeBytes,
            AccessSeconds = now,
            ModifySeconds = now,
            ChangeSeconds = now,
            BirthSeconds = now,
            Generation = 1,
            Parent = InodeNumber.Root.Value,
        };
        Put(InodeRecord.Key(inode), record.AsBytes());
    }

    private string NameInLostAndFound(InodeNumber inode, uint mode)
    {
        InodeNumber directory = FindLostAndFound();
        string name = $"#{inode.Value}";
        AddEntry(directory, Encoding.UTF8.GetBytes(name), inode, mode & 0xF000);
        return name;
    }

    private InodeNumber FindLostAndFound()
    {
        byte[] name = "lost+found"u8.ToArray();
        Span<byte> value = stackalloc byte[DirectoryEntryRecord.MaxSizeBytes];
        ulong offset = _hash.EntryOffset(name);
        for (uint slot = 0; slot < NameHash.SlotCount; slot++)
        {
            if (TryRead(DirectoryEntryRecord.Key(InodeNumber.Root, offset + slot), value, out int lengthBytes)
                && DirectoryEntryRecord.TryWrap(value[..lengthBytes], out DirectoryEntryRecord entry)
                && entry.Name.SequenceEqual(name) && entry.TypeBits == 0x4000)
            {
                return entry.Inode;
            }
        }

        InodeNumber made = new(store.NextInodeNumber());
        MakeInode(made, 0x4000 | 0x1C0, 0);
        AddEntry(InodeNumber.Root, name, made, 0x4000);
        return made;
    }

    private void AddEntry(InodeNumber directory, ReadOnlySpan<byte> name, InodeNumber inode, uint typeBits)
    {
        Span<byte> value = stackalloc byte[DirectoryEntryRecord.MaxSizeBytes];
        ulong offset = _hash.EntryOffset(name);
        for (uint slot = 0; slot < NameHash.SlotCount; slot++)
        {
            TreeKey key = DirectoryEntryRecord.Key(directory, offset + slot);
            if (!TryRead(key, value, out _))
            {
                int lengthBytes = DirectoryEntryRecord.Write(value, inode, typeBits, name);
                Put(key, value[..lengthBytes]);
                return;
            }
        }

        throw new VolumeException(Errno.ENOSPC, $"{directory} has no room for the name '{Encoding.UTF8.GetString(name)}'.");
    }

    private void Unname(InodeNumber directory, InodeNumber inode)
    {
        Span<byte> value = stackalloc byte[DirectoryEntryRecord.MaxSizeBytes];
        TreeKey key = DirectoryEntryRecord.Key(directory, 0);
        while (TryNext(key, out key) && key.Inode == directory && key.Kind == RecordKind.DirectoryEntry)
        {
            if (TryRead(key, value, out int lengthBytes)
                && DirectoryEntryRecord.TryWrap(value[..lengthBytes], out DirectoryEntryRecord entry) && entry.Inode == inode)
            {
                DeleteRecord(key);
                return;
            }

            key = key.Next();
        }
    }
}
