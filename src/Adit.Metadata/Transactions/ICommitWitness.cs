namespace Adit.Metadata.Transactions;

/// <summary>Is told of each commit just before it happens, so that a process that opens the volume later can tell what was done.</summary>
public interface ICommitWitness
{
    /// <summary>The calling thread is about to commit. It holds the store's locks: neither wait nor call back.</summary>
    /// <param name="sequence">The number of the commit's record. It has happened, also when the process is killed in between, if and only if the next
    /// opening finds the record: <see cref="MetadataStore.FirstSequence"/> is then greater.</param>
    /// <param name="nextInode">The inode number that is given out next: when the transaction makes an inode, that is the one before.</param>
    void Committing(ulong sequence, ulong nextInode);
}
