namespace Adit.Metadata.Transactions;

/// <summary>Keeps records that follow from others in step with them: it is asked at every commit, and what it adds is part of the same
/// transaction. So no caller can forget them, and no crash comes between.</summary>
public interface IDerivedRecords
{
    /// <summary>Adds what follows from a transaction: at most <see cref="Transaction.DerivedOperations"/> operations and
    /// <see cref="Transaction.DerivedBytes"/> bytes of the record, beyond what the transaction had room for.</summary>
    /// <remarks>Called on the committing thread with the transaction lock held, before anything is written. It takes no lock and
    /// allocates nothing. What it throws ends the store, as what the medium throws under a commit.</remarks>
    void Complete(Transaction transaction);
}
