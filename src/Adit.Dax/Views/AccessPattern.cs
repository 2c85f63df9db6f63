namespace Adit.Dax.Views;

/// <summary>How a view will be used. Changes how fast it is, nothing else.</summary>
public enum AccessPattern : byte
{
    /// <summary>The host's usual read-ahead.</summary>
    Normal,

    /// <summary>No read-ahead.</summary>
    Random,

    /// <summary>Much read-ahead.</summary>
    Sequential,

    /// <summary>All of it soon: read now what the host does not have in memory.</summary>
    WillNeed,
}
