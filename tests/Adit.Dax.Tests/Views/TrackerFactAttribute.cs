using Adit.Dax.Views;

namespace Adit.Dax.Tests.Views;

/// <summary>A test of the kernel's write tracking: skipped, and reported so, where the kernel has none or refuses it.</summary>
internal sealed class TrackerFactAttribute : FactAttribute
{
    public TrackerFactAttribute() => Skip = StoreTracker.Refusal;
}

/// <summary>The same with data.</summary>
internal sealed class TrackerTheoryAttribute : TheoryAttribute
{
    public TrackerTheoryAttribute() => Skip = StoreTracker.Refusal;
}
