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
    public const ulong KnownReadOnlyCompatible = InodeFlags | DataChecksums | Quotas;

    /// <summary>Read-only compatible features of every new volume.</summary>
    public const ulong UsualReadOnlyCompatible = InodeFlags | DataChecksums;

    /// <summary>Read-only compatible: flags of inodes are inherited and obeyed, and the DAX flag decides how files are accessed.</summary>
    public const ulong InodeFlags = 1;

    /// <summary>Read-only compatible: blocks of files may have checksums, which whoever writes them keeps in step.</summary>
    public const ulong DataChecksums = 2;

    /// <summary>Read-only compatible: usage of users, groups and projects may be kept, which whoever changes inodes keeps in step.</summary>
    public const ulong Quotas = 4;

    /// <summary>Features that a build must know before it reads.</summary>
    public const ulong KnownIncompatible = 0;
}
