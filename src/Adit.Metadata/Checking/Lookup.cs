namespace Adit.Metadata.Checking;

/// <summary>What a look for one record came to.</summary>
public enum Lookup
{
    Found,
    Absent,

    /// <summary>It would lie in a part of the tree that cannot be read.</summary>
    Unknown,
}
