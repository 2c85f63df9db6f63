using Adit.Dax.Layouts;
using Adit.Dax.Mappings;

namespace Adit.Dax.Sources;

/// <summary>A page source at its range, until disposed.</summary>
internal sealed class SourceRegistration(AddressSpace space, PageRange pages, IPageSource source, bool isDurable) : IDisposable
{
    public PageRange Pages { get; } = pages;

    public IPageSource Source { get; } = source;

    /// <summary>A page is durable before it can be accessed.</summary>
    public bool IsDurable { get; } = isDurable;

    public void Dispose() => space.RemoveSource(this);
}
