using Adit.Format;
using Adit.Metadata.Logging;
using Adit.Metadata.Transactions;

namespace Adit;

/// <summary>What a process that has a volume open leaves to the process that opens it next in its place, when it is killed or replaced while a
/// kernel goes on using the volume. See <c>docs/decisions/0012-succession-of-servers.md</c>.</summary>
public interface ISuccession : ICommitWitness
{
    /// <summary>Memory that outlives the process, for records that are committed and not yet in the volume's log.</summary>
    StagingArea Staging { get; }

    /// <summary>The inodes that are retained from the start. Asked once, when the log is recovered and before inodes without names are removed.</summary>
    /// <param name="firstSequence">Commits with lower numbers have happened, and no others.</param>
    IReadOnlyList<RetainedInode> TakeRetained(ulong firstSequence);
}

/// <summary>An inode that a kernel holds.</summary>
/// <param name="Inode">Its number.</param>
/// <param name="Count">How often.</param>
public readonly record struct RetainedInode(InodeNumber Inode, ulong Count);
