using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Checking;
using Adit.Quotas;

namespace Adit.Checking;

/// <summary>Proves that the usage in quota records is what the inodes add up to. Records of quotas come before those of inodes, so all is
/// collected and compared at the end. Memory: an entry a user, group and project.</summary>
internal sealed class QuotaChecker(FindingLog findings, RepairList? repairs)
{
    private readonly Dictionary<ulong, (long Blocks, long Inodes)> _recorded = [];
    private readonly Dictionary<ulong, (long Blocks, long Inodes)> _counted = [];
    private QuotaSetting _setting = QuotaSetting.Initial;

    public void VisitSetting(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (key != QuotaSetting.Key)
        {
            return;
        }

        if (QuotaSetting.TryRead(value, out QuotaSetting setting))
        {
            _setting = setting;
        }
        else
        {
            Drop(key, "the setting of quotas", $"{value.Length} bytes that are none");
        }
    }

    public void VisitQuota(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (QuotaRecord.IsKey(key) && QuotaRecord.TryRead(value, out QuotaRecord record))
        {
            _recorded[key.Offset] = (record.UsedBlocks, record.UsedInodes);
        }
        else
        {
            Drop(key, "a quota record", $"{value.Length} bytes that are none");
        }
    }

    public void VisitInode(ulong number, in InodeRecord record)
    {
        if (!_setting.Covers(number))
        {
            return;
        }

        InodeUsage usage = InodeUsage.Of(in record);
        for (QuotaKind kind = 0; (int)kind < QuotaRecord.KindCount; kind++)
        {
            if (usage.TryGetId(kind, out uint id))
            {
                ulong offset = QuotaRecord.OffsetOf(kind, id);
                _counted.TryGetValue(offset, out (long Blocks, long Inodes) sum);
                _counted[offset] = (sum.Blocks + usage.Blocks, sum.Inodes + 1);
            }
        }
    }

    /// <summary>All inodes have been seen.</summary>
    public void Compare()
    {
        if (_setting.State == QuotaState.Off)
        {
            return;
        }

        foreach (ulong offset in _recorded.Keys.Union(_counted.Keys).Order())
        {
            _recorded.TryGetValue(offset, out (long Blocks, long Inodes) recorded);
            _counted.TryGetValue(offset, out (long Blocks, long Inodes) counted);
            TreeKey key = new(InodeNumber.Volume, RecordKind.Quota, offset);
            string who = $"{QuotaRecord.KindOf(key).ToString().ToLowerInvariant()} {QuotaRecord.IdOf(key)}";
            if (recorded.Blocks != counted.Blocks)
            {
                findings.Add(FindingKind.QuotaUsage, who, $"{counted.Blocks} blocks in use", $"{recorded.Blocks}");
                repairs?.Add(RepairKind.SetQuotaBlocks, key, counted.Blocks, $"{who} has {counted.Blocks} blocks, not {recorded.Blocks}");
            }

            if (recorded.Inodes != counted.Inodes)
            {
                findings.Add(FindingKind.QuotaUsage, who, $"{counted.Inodes} inodes in use", $"{recorded.Inodes}");
                repairs?.Add(RepairKind.SetQuotaInodes, key, counted.Inodes, $"{who} has {counted.Inodes} inodes, not {recorded.Inodes}");
            }
        }
    }

    private void Drop(TreeKey key, string expected, string found)
    {
        findings.Add(FindingKind.QuotaMalformed, $"{key}", expected, found);
        repairs?.Add(RepairKind.DeleteRecord, key, 0, $"{FindingKind.QuotaMalformed}: expected {expected}, found {found}");
    }
}
