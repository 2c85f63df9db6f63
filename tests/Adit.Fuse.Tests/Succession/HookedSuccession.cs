using Adit.Fuse.Succession;
using Adit.Metadata.Logging;

namespace Adit.Fuse.Tests.Succession;

/// <summary>A succession that calls something just before each commit.</summary>
internal sealed class HookedSuccession(SessionMemory memory) : ISuccession
{
    private readonly ServerSuccession _inner = new(memory);

    public Action? BeforeCommit { get; set; }

    public StagingArea Staging => _inner.Staging;

    public void Committing(ulong sequence, ulong nextInode)
    {
        _inner.Committing(sequence, nextInode);
        BeforeCommit?.Invoke();
    }

    public IReadOnlyList<RetainedInode> TakeRetained(ulong firstSequence) => _inner.TakeRetained(firstSequence);
}
