namespace Adit.Dax.Mappings;

/// <summary>What becomes of a view when the layout under it has to change.</summary>
public enum ViewPolicy : byte
{
    /// <summary>The view shows the new layout from then on. For views that are not stored through.</summary>
    Follow,

    /// <summary>Its holder is told and given the time of its lease; then its pages are switched to a private copy of the old bytes.</summary>
    Detach,

    /// <summary>Its holder is told and given the time of its lease; then the change fails with EBUSY.</summary>
    Refuse,
}
