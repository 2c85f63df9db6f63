namespace Adit.Format;

/// <summary>Which formats this build reads and writes, and which features it knows.</summary>
public static class FormatVersion
{
    /// <summary>The version that this build writes.</summary>
    public const uint Current = 1;

    /// <summary>The oldest version whose readers understand what this build writes.</summary>
    public const uint MinimumCompatible = 1;

    /// <summary>Features that a build may ignore.</summary>
    public const ulong KnownCompatible = 0;

    /// <summary>Features that a build must know before it writes.</summary>
    public const ulong KnownReadOnlyCompatible = 0;

    /// <summary>Features that a build must know before it reads.</summary>
    public const ulong KnownIncompatible = 0;
}
