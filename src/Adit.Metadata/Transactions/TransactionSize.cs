namespace Adit.Metadata.Transactions;

/// <summary>How much a transaction may do: what is set aside for it before it begins.</summary>
public enum TransactionSize
{
    /// <summary>A handful of records; the last of the space is kept for those that free some.</summary>
    Usual,

    /// <summary>Up to a full log record.</summary>
    Large,

    /// <summary>Frees space or finishes work: may use what is kept back, so that a full volume can be emptied.</summary>
    Freeing,
}
