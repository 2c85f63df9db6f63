namespace Adit.Metadata.Checking;

/// <summary>How far a check or repair is.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Done">Units done in this phase.</param>
/// <param name="Total">Units in all, as far as known.</param>
public readonly record struct CheckProgress(string Phase, long Done, long Total);
