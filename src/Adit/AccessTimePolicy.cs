namespace Adit;

/// <summary>When reading moves a file's access time.</summary>
public enum AccessTimePolicy
{
    /// <summary>When it is not later than the last change, or a day old at the time the file is opened.</summary>
    Relative,

    /// <summary>Never.</summary>
    None,
}
