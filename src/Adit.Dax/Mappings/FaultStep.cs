namespace Adit.Dax.Mappings;

/// <summary>What a fault needs before it can go on, done with no lock held.</summary>
internal enum FaultStep
{
    /// <summary>Nothing: it has ended.</summary>
    Done,

    /// <summary>The layout must give blocks, or copy shared ones.</summary>
    Settle,

    /// <summary>The metadata that leads to the page must be made durable.</summary>
    MakeDurable,

    /// <summary>The file is frozen.</summary>
    WaitForThaw,

    /// <summary>A page source must fill the page.</summary>
    AskSource,

    /// <summary>Room to know which pages of a large entry were stored to.</summary>
    GiveDirtyTable,
}
