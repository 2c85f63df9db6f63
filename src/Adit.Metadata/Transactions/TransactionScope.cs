namespace Adit.Metadata.Transactions;

/// <summary>Ends a transaction that an exception leaves: without it, the transaction lock would stay held for ever. Without effect on
/// one that was committed or aborted.</summary>
/// <param name="transaction">Just begun, by the thread that disposes this.</param>
public readonly ref struct TransactionScope(Transaction transaction)
{
    public void Dispose() => transaction.AbortUnlessEnded();
}
