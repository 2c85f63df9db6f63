namespace Adit;

/// <summary>Whether features that are not stable yet may be used.</summary>
public enum PreviewPolicy
{
    /// <summary>They may, and tools say that they are previews. The default.</summary>
    Allow,

    /// <summary>What would use one fails with EOPNOTSUPP and names it.</summary>
    Refuse,
}
