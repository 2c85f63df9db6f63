using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop.Locking;
using Adit.Nodes;

namespace Adit.Inodes;

/// <summary>The inodes of a volume that are in memory, by number, and how often each number is retained by a kernel.</summary>
/// <remarks>
/// <para>An inode is in use while an operation, an open file or a list holds it. One that is not stays for a while among the idle
/// ones; the oldest idle ones are let go beyond a bound, so memory grows with what is in use, not with the volume. A retention
/// (<see cref="Retain"/>) does not hold the object, only its number: a kernel may retain a million.</para>
/// <para>An inode without a name goes away for good when it is neither in use nor retained: the call that ends the last of these
/// says so, and its caller removes the inode.</para>
/// <para>Striped; each stripe has a lock of its own that is the last one taken. Nothing here touches the medium.</para>
/// </remarks>
internal sealed class InodeTable
{
    private const int StripeCount = 64;

    private readonly Stripe[] _stripes = new Stripe[StripeCount];

    private readonly bool _continues;

    /// <param name="idleCount">How many inodes that are not in use stay.</param>
    /// <param name="continues">Another process had the volume open for the same kernel, and made some of the inodes.</param>
    public InodeTable(int idleCount, bool continues = false)
    {
        _continues = continues;
        for (int i = 0; i < StripeCount; i++)
        {
            _stripes[i] = new Stripe((ulong)i, (Math.Max(idleCount, 0) + StripeCount - 1) / StripeCount);
        }
    }

    /// <summary>Uses an inode that is in memory.</summary>
    /// <param name="version">When it is not: what <see cref="UseLoaded"/> needs to know that nothing happened since.</param>
    public bool TryUse(InodeNumber number, [NotNullWhen(true)] out Inode? inode, out ulong version) =>
        TryUse(number, out inode, out version, out _);

    /// <summary>Uses an inode that is in memory.</summary>
    /// <param name="isSole">Nothing else used or retained it when the use began.</param>
    public bool TryUse(InodeNumber number, [NotNullWhen(true)] out Inode? inode, out ulong version, out bool isSole)
    {
        Stripe stripe = StripeOf(number);
        using (stripe.Lock.Enter())
        {
            version = stripe.Version;
            if (!stripe.Inodes.TryGetValue(number.Value, out inode))
            {
                isSole = false;
                return false;
            }

            stripe.UseLocked(inode);
            isSole = inode.Uses == 1 && !stripe.Retained.ContainsKey(number.Value);
            return true;
        }
    }

    /// <summary>Uses an inode whose record was read after a <see cref="TryUse(InodeNumber, out Inode?, out ulong)"/> that did not find it.</summary>
    /// <param name="truncatingFrom">See <see cref="Inode.TruncatingFrom"/>.</param>
    /// <returns>False when the record may have become stale: look again.</returns>
    public bool UseLoaded(InodeNumber number, in InodeRecord record, long truncatingFrom, ulong version, [NotNullWhen(true)] out Inode? inode)
    {
        Stripe stripe = StripeOf(number);

        // Whether it never had a name only the process before knew: the kernel that holds it still does, and asks for a first name of such files alone.
        Inode loaded = new(number, record) { IsTemporary = _continues && record.LinkCount == 0 && record.IsRegular, TruncatingFrom = truncatingFrom };
        loaded.RefreshAccessTimeAge();
        using (stripe.Lock.Enter())
        {
            if (stripe.Inodes.TryGetValue(number.Value, out inode))
            {
                stripe.UseLocked(inode);
                return true;
            }

            if (stripe.Version != version)
            {
                return false;
            }

            inode = loaded;
            inode.Uses = 1;
            stripe.Inodes.Add(number.Value, inode);
            return true;
        }
    }

    /// <summary>Takes in an inode that is being made, used once (<see cref="Inode.New"/>), before its record can be seen. When its making
    /// fails, <see cref="Discard"/> follows.</summary>
    public void Add(Inode inode, bool retain)
    {
        Stripe stripe = StripeOf(inode.Number);
        using (stripe.Lock.Enter())
        {
            stripe.Inodes.Add(inode.Number.Value, inode);
            if (retain)
            {
                stripe.Retained.Add(inode.Number.Value, 1);
            }
        }
    }

    /// <summary>Ends the use of an inode that was not made after all: nobody knows its number. Whoever uses it nevertheless, because
    /// <see cref="UseAll"/> found it, finds it gone, and is the one who drops it.</summary>
    public void Discard(Inode inode)
    {
        Stripe stripe = StripeOf(inode.Number);
        using (stripe.Lock.Enter())
        {
            stripe.Retained.Remove(inode.Number.Value);
            inode.IsGone = true;
            inode.Record.LinkCount = 0;
            inode.OpenCount = 0;
            if (--inode.Uses == 0)
            {
                stripe.DropLocked(inode);
            }
        }
    }

    /// <summary>Uses an inode once more; the caller uses it already.</summary>
    public void UseAgain(Inode inode)
    {
        using (StripeOf(inode.Number).Lock.Enter())
        {
            inode.Uses++;
        }
    }

    /// <summary>Ends one use.</summary>
    /// <returns>True when the inode has no name, no other use and no retention: the caller still uses it, and removes it. Otherwise the
    /// caller looks at it no more: the object may be another file's next.</returns>
    public bool Release(Inode inode)
    {
        Stripe stripe = StripeOf(inode.Number);
        using (stripe.Lock.Enter())
        {
            if (inode.Uses > 1)
            {
                inode.Uses--;
                return false;
            }

            if (inode.Record.LinkCount != 0)
            {
                stripe.RestLocked(inode);
                return false;
            }

            if (!inode.IsGone && stripe.Retained.ContainsKey(inode.Number.Value))
            {
                inode.Uses = 0;
                return false;
            }

            if (!inode.IsGone)
            {
                return true;
            }

            inode.Uses = 0;
            stripe.DropLocked(inode);
        }

        inode.Recycle();
        return false;
    }

    /// <summary>Whether the caller's use is the only thing that keeps the inode.</summary>
    public bool IsUsedOnce(Inode inode)
    {
        Stripe stripe = StripeOf(inode.Number);
        using (stripe.Lock.Enter())
        {
            return inode.Uses == 1 && !stripe.Retained.ContainsKey(inode.Number.Value);
        }
    }

    /// <summary>Adds retentions to a number, whether or not its inode is in memory.</summary>
    public void Retain(InodeNumber number, ulong count = 1)
    {
        Stripe stripe = StripeOf(number);
        using (stripe.Lock.Enter())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(stripe.Retained, number.Value, out _) += count;
        }
    }

    /// <summary>Takes retentions from a number; more than there are count as all.</summary>
    /// <returns>An inode that this was the last to keep: the caller uses it, and removes it.</returns>
    public Inode? Forget(InodeNumber number, ulong count)
    {
        Stripe stripe = StripeOf(number);
        using (stripe.Lock.Enter())
        {
            ref ulong retained = ref CollectionsMarshal.GetValueRefOrNullRef(stripe.Retained, number.Value);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref retained))
            {
                return null;
            }

            if (retained > count)
            {
                retained -= count;
                return null;
            }

            stripe.Retained.Remove(number.Value);
            if (stripe.Inodes.TryGetValue(number.Value, out Inode? inode)
                && inode.Uses == 0 && inode.Record.LinkCount == 0 && !inode.IsGone)
            {
                inode.Uses = 1;
                return inode;
            }

            return null;
        }
    }

    /// <summary>Inodes in memory now, in use or idle.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (Stripe stripe in _stripes)
            {
                using (stripe.Lock.Enter())
                {
                    count += stripe.Inodes.Count;
                }
            }

            return count;
        }
    }

    /// <summary>Uses every inode in memory that <paramref name="wanted"/> accepts; for rare work over all of them.</summary>
    public List<Inode> UseAll(Func<Inode, bool> wanted)
    {
        List<Inode> found = [];
        foreach (Stripe stripe in _stripes)
        {
            using (stripe.Lock.Enter())
            {
                foreach (Inode inode in stripe.Inodes.Values)
                {
                    if (inode.Uses > 0 && wanted(inode))
                    {
                        inode.Uses++;
                        found.Add(inode);
                    }
                }
            }
        }

        return found;
    }

    private Stripe StripeOf(InodeNumber number) => _stripes[number.Value & (StripeCount - 1)];

    private sealed class Stripe(ulong index, int idleCapacity)
    {
        public readonly RankedLock Lock = new(LockRank.InodeTable, index);
        public readonly Dictionary<ulong, Inode> Inodes = [];
        public readonly Dictionary<ulong, ulong> Retained = [];

        /// <summary>Grows whenever an inode leaves memory, because a record read before may then be stale.</summary>
        public ulong Version;

        /// <summary>The inode that came to rest last, not on the list yet: many are used again at once.</summary>
        private Inode? _rested;
        private Inode? _oldestIdle;
        private Inode? _newestIdle;
        private int _idleCount;

        public void UseLocked(Inode inode)
        {
            if (inode.Uses++ != 0)
            {
                return;
            }

            if (_rested == inode)
            {
                _rested = null;
            }
            else if (inode.OlderIdle is not null || inode.NewerIdle is not null || _oldestIdle == inode)
            {
                UnlinkLocked(inode);
            }
        }

        /// <summary>The last use has ended: the inode joins the idle ones, and the oldest goes when there are too many.</summary>
        public void RestLocked(Inode inode)
        {
            inode.Uses = 0;
            if (inode.TruncatingFrom != long.MaxValue)
            {
                // Only the object knows that work is left: it stays.
                return;
            }

            if (idleCapacity == 0)
            {
                DropLocked(inode);
                return;
            }

            Inode? before = _rested;
            _rested = inode;
            if (before is not null)
            {
                LinkLocked(before);
            }
        }

        public void DropLocked(Inode inode)
        {
            Inodes.Remove(inode.Number.Value);
            Version++;
        }

        private void LinkLocked(Inode inode)
        {
            inode.OlderIdle = _newestIdle;
            if (_newestIdle is null)
            {
                _oldestIdle = inode;
            }
            else
            {
                _newestIdle.NewerIdle = inode;
            }

            _newestIdle = inode;
            if (++_idleCount >= idleCapacity)
            {
                Inode oldest = _oldestIdle!;
                UnlinkLocked(oldest);
                DropLocked(oldest);
            }
        }

        private void UnlinkLocked(Inode inode)
        {
            if (inode.OlderIdle is null)
            {
                _oldestIdle = inode.NewerIdle;
            }
            else
            {
                inode.OlderIdle.NewerIdle = inode.NewerIdle;
            }

            if (inode.NewerIdle is null)
            {
                _newestIdle = inode.OlderIdle;
            }
            else
            {
                inode.NewerIdle.OlderIdle = inode.OlderIdle;
            }

            inode.OlderIdle = null;
            inode.NewerIdle = null;
            _idleCount--;
        }
    }
}
