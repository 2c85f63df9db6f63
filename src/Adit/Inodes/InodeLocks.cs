using System.Runtime.CompilerServices;

namespace Adit.Inodes;

/// <summary>Holds the locks of up to five inodes exclusively, taken in the order of their numbers; the same inode given twice is
/// locked once.</summary>
internal ref struct InodeLocks
{
    private Held _held;
    private int _count;

    public InodeLocks(Inode first, Inode? second, Inode? third, Inode? fourth = null, Inode? fifth = null)
    {
        Add(first);
        Add(second);
        Add(third);
        Add(fourth);
        Add(fifth);
        for (int i = 0; i < _count; i++)
        {
            _held[i]!.Lock.EnterExclusive();
        }
    }

    public void Dispose()
    {
        while (_count > 0)
        {
            _held[--_count]!.Lock.ExitExclusive();
        }
    }

    private void Add(Inode? inode)
    {
        if (inode is null)
        {
            return;
        }

        int at = _count;
        while (at > 0 && _held[at - 1]!.Number.Value > inode.Number.Value)
        {
            at--;
        }

        if (at > 0 && _held[at - 1] == inode)
        {
            return;
        }

        for (int i = _count; i > at; i--)
        {
            _held[i] = _held[i - 1];
        }

        _held[at] = inode;
        _count++;
    }

    [InlineArray(5)]
    private struct Held
    {
        private Inode? _first;
    }
}
