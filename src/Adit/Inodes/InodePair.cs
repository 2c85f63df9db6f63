using Adit.Interop.Locking;

namespace Adit.Inodes;

/// <summary>Holds the locks of two inodes exclusively, taken in the order of their numbers; the same inode given twice is locked
/// once.</summary>
internal readonly ref struct InodePair
{
    private readonly RankedReaderWriterLock _first;
    private readonly RankedReaderWriterLock? _second;

    public InodePair(Inode one, Inode other)
    {
        bool isInOrder = one.Number.Value <= other.Number.Value;
        _first = (isInOrder ? one : other).Lock;
        _first.EnterExclusive();
        if (one != other)
        {
            _second = (isInOrder ? other : one).Lock;
            _second.EnterExclusive();
        }
    }

    public void Dispose()
    {
        _second?.ExitExclusive();
        _first.ExitExclusive();
    }
}
