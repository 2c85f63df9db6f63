namespace Adit.Dax.Mappings;

/// <summary>How far one open handle has been told of failed write-backs.</summary>
public readonly record struct ErrorCursor
{
    internal ErrorCursor(long seen) => Seen = seen;

    internal long Seen { get; }
}
