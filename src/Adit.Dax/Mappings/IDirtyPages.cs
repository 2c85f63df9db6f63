using Adit.Dax.Layouts;

namespace Adit.Dax.Mappings;

/// <summary>Takes the pages that a view found stored to.</summary>
internal interface IDirtyPages
{
    /// <summary>These were stored to since they were last collected. May be called with more pages than that, never with fewer.
    /// Allocates nothing; may wait for a
    /// write-back of the pages by another thread, so it is called with no lock later than the mapping's.</summary>
    void Add(PageRange pages);
}
