namespace Adit.Metadata.Checking;

/// <summary>One thing that is wrong with a volume.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Where">The block, key, inode or path.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Found">What is there.</param>
public sealed record Finding(FindingKind Kind, string Where, string Expected, string Found)
{
    /// <summary>Where it is, what was expected and what was found.</summary>
    public string Message => $"{Where}: expected {Expected}, found {Found}";

    /// <summary>One line.</summary>
    public override string ToString() => $"{Kind} at {Message}";
}
