using System.Runtime.CompilerServices;
using Adit.Format.Records;

namespace Adit.Quotas;

/// <summary>By how much the usage of some users, groups and projects changes. On the stack; holds as many as one transaction can touch.</summary>
internal ref struct UsageTally
{
    /// <summary>A rename that replaces a file and leaves a whiteout touches the ids of two inodes, a change of owner both owners'.</summary>
    public const int Capacity = Metadata.Transactions.Transaction.DerivedOperations;

    private Rows _rows;

    public int Count { get; private set; }

    /// <summary>One row: the offset of its record's key, and what is added.</summary>
    public readonly (ulong Offset, long Blocks, long Inodes) this[int index] => (_rows[index].Offset, _rows[index].Blocks, _rows[index].Inodes);

    /// <summary>An inode comes to be, changes or goes.</summary>
    public void Move(in InodeUsage before, in InodeUsage after)
    {
        for (QuotaKind kind = 0; (int)kind < QuotaRecord.KindCount; kind++)
        {
            bool wasCounted = before.TryGetId(kind, out uint old);
            bool isCounted = after.TryGetId(kind, out uint now);
            if (wasCounted && isCounted && old == now)
            {
                Add(kind, now, after.Blocks - before.Blocks, 0);
                continue;
            }

            if (wasCounted)
            {
                Add(kind, old, -before.Blocks, -1);
            }

            if (isCounted)
            {
                Add(kind, now, after.Blocks, 1);
            }
        }
    }

    private void Add(QuotaKind kind, uint id, long blocks, long inodes)
    {
        if ((blocks | inodes) == 0)
        {
            return;
        }

        ulong offset = QuotaRecord.OffsetOf(kind, id);
        int index = 0;
        while (index < Count && _rows[index].Offset != offset)
        {
            index++;
        }

        if (index == Count)
        {
            Metadata.Invariant.That(Count < Capacity, "one transaction touches few owners");
            _rows[Count++] = new Row { Offset = offset };
        }

        _rows[index].Blocks += blocks;
        _rows[index].Inodes += inodes;
    }

    private struct Row
    {
        public ulong Offset;
        public long Blocks;
        public long Inodes;
    }

    [InlineArray(Capacity)]
    private struct Rows
    {
        private Row _first;
    }
}
