using Adit.Dax.Layouts;

namespace Adit.Dax.Mappings;

/// <summary>What a view is to show in a stretch of its pages.</summary>
/// <param name="Pages">The stretch, in pages of the file.</param>
/// <param name="Start">The medium page of the first one, or <see cref="MediumPage.None"/>: zeros.</param>
internal readonly record struct ViewSegment(PageRange Pages, MediumPage Start)
{
    public bool IsZeros => Start.IsNone;
}
