namespace Adit.Dax.Layouts;

/// <summary>The answer to a layout question: one stretch of a file that is held in one way.</summary>
/// <param name="Pages">The stretch. It contains the page that was asked for; it may begin before it and be shorter or longer than
/// what was asked for.</param>
/// <param name="Kind">What holds it.</param>
/// <param name="Start">The medium page that holds the first page; <see cref="MediumPage.None"/> for a hole.</param>
/// <param name="Flags">What else is to be known.</param>
public readonly record struct LayoutExtent(PageRange Pages, LayoutKind Kind, MediumPage Start, LayoutFlags Flags = LayoutFlags.None)
{
    /// <summary>Where the bytes of <see cref="Pages"/> were copied from, if the blocks replace shared ones; else
    /// <see cref="MediumPage.None"/>.</summary>
    public MediumPage CopySource { get; init; } = MediumPage.None;

    public bool IsMapped => Kind == LayoutKind.Mapped;

    public bool IsShared => (Flags & LayoutFlags.Shared) != 0;

    public bool IsNew => (Flags & LayoutFlags.New) != 0;

    public bool IsNotDurable => (Flags & LayoutFlags.NotDurable) != 0;

    /// <summary>May be stored to: mapped, and nobody else's.</summary>
    public bool IsWritable => IsMapped && !IsShared;

    /// <summary>The medium page that holds a page of the stretch.</summary>
    public MediumPage At(PageIndex page) => Start + (page - Pages.First);
}
