using Adit.Dax.Mappings;

namespace Adit.Dax.Views;

/// <summary>How a file is to be mapped.</summary>
public sealed record ViewOptions
{
    public ViewKind Kind { get; init; } = ViewKind.Read;

    public MapFlags Flags { get; init; }

    /// <summary>What happens when the layout under the view has to change. Null: a view that cannot be written follows, a writable one is
    /// detached when its lease is over. A writable view cannot follow.</summary>
    public ViewPolicy? Policy { get; init; }

    /// <summary>What for: shown to those who want to change the file's layout, if the view is in their way.</summary>
    public string Purpose { get; init; } = "a view";

    /// <summary>Told, on the thread of the one who wants a range of the file, which bytes of the view and how long there is to let go. No lock is
    /// held. It should return soon.</summary>
    public Action<long, long, TimeSpan>? OnRecall { get; init; }

    internal ViewPolicy EffectivePolicy => Policy ?? (Kind == ViewKind.ReadWrite ? ViewPolicy.Detach : ViewPolicy.Follow);
}
