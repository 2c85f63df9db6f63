namespace Adit;

/// <summary>When reading moves an access time: of a file, of a directory that is listed, of a symbolic link.</summary>
public enum AccessTimePolicy
{
    /// <summary>When it is not later than the last change, or a day old at the time the file is opened.</summary>
    Relative,

    /// <summary>Never.</summary>
    None,

    /// <summary>Always: each read, listing and reading of a link.</summary>
    Strict,
}
