namespace Adit.Metadata;

/// <summary>A defect of Adit itself: something that must always hold does not.</summary>
public sealed class InvariantException(string what)
    : InvalidOperationException($"This must always hold in Adit, and does not: {what}. Please report it with what led here.");
