using Adit.Dax.Layouts;

namespace Adit.Dax.Entries;

/// <summary>One entry of an address space: 64 bits that change by compare-and-swap as a whole. All zeros is no entry.</summary>
/// <remarks>
/// <code>
///  0..15  pins          how many hold the page in place
///     16  write-pinned  a pin for writing was taken since the count was last 0
///     17  locked        a fault, a write-back or a layout change is at it; not asked by pins
///     18  contended     somebody waits for the lock
///     19  awaited       somebody waits for the pins to go
///     20  accessible    the page may be pinned without asking anybody
///     21  writable      the page may be pinned for writing without asking anybody; always dirty too
///     22  dirty         stored to, or may have been, since it was last made durable
///     23  to write      a write-back under way has chosen it
///     24  synced        the metadata that leads to it is durable
///     26..27  kind
///     28..63  medium page
/// </code>
/// The marks in the nodes say where dirty and to-write entries are; these bits say it for the entry alone.
/// </remarks>
internal readonly record struct PageEntry(ulong Bits)
{
    public const ulong PinUnit = 1;
    public const ulong PinMask = 0xFFFF;
    public const ulong WritePinned = 1UL << 16;
    public const ulong Locked = 1UL << 17;
    public const ulong Contended = 1UL << 18;
    public const ulong Awaited = 1UL << 19;
    public const ulong Accessible = 1UL << 20;
    public const ulong Writable = 1UL << 21;
    public const ulong Dirty = 1UL << 22;
    public const ulong ToWrite = 1UL << 23;
    public const ulong Synced = 1UL << 24;

    /// <summary>Medium pages that fit: 256 TiB.</summary>
    public const long MaxMediumPages = 1L << 36;

    private const int KindShift = 26;
    private const ulong KindMask = 3UL << KindShift;
    private const int PageShift = 28;

    public bool IsNone => Bits == 0;

    public int Pins => (int)(Bits & PinMask);

    public EntryKind Kind => (EntryKind)((Bits & KindMask) >> KindShift);

    public MediumPage Page => new((long)(Bits >> PageShift));

    public bool IsLocked => Has(Locked);

    public bool IsAccessible => Has(Accessible);

    public bool IsWritable => Has(Writable);

    public bool IsDirty => Has(Dirty);

    public bool IsWritePinned => Has(WritePinned);

    /// <summary>Shows blocks of the medium, not zeros.</summary>
    public bool IsReal => Kind >= EntryKind.Page;

    public bool Has(ulong flags) => (Bits & flags) != 0;

    /// <summary>It may be kept elsewhere from now on, its pins with it: nobody works or waits at it.</summary>
    public bool IsMovable => !Has(Locked | Contended | Awaited);

    /// <summary>A search by a mark finds it.</summary>
    public bool Matches(EntryMark mark) => mark == EntryMark.Live ? !IsNone : Has(mark == EntryMark.Dirty ? Dirty : ToWrite);

    public PageEntry With(ulong flags) => new(Bits | flags);

    public PageEntry Without(ulong flags) => new(Bits & ~flags);

    /// <summary>The same state with another content: pins, lock and waiters stay, everything else is new.</summary>
    public PageEntry Showing(EntryKind kind, MediumPage page, ulong flags) => new(
        (Bits & (PinMask | WritePinned | Locked | Contended | Awaited))
        | ((ulong)kind << KindShift) | (kind >= EntryKind.Page ? (ulong)page.Value << PageShift : 0) | flags);

    public override string ToString() =>
        $"{Kind}{(IsReal ? $" {Page.Value}" : "")} pins {Pins}{(IsLocked ? " locked" : "")}{(IsAccessible ? " accessible" : "")}"
        + $"{(IsWritable ? " writable" : "")}{(IsDirty ? " dirty" : "")}{(Has(ToWrite) ? " to-write" : "")}{(IsWritePinned ? " write-pinned" : "")}";
}
