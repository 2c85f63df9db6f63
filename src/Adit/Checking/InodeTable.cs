using System.Runtime.InteropServices;

namespace Adit.Checking;

/// <summary>Rows of inodes in the order of their numbers, outside the managed heap: 40 bytes an inode.</summary>
internal sealed unsafe class InodeTable : IDisposable
{
    private InodeRow* _rows;
    private int _capacity;

    public int Count { get; private set; }

    public ref InodeRow this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref _rows[index];
        }
    }

    /// <summary>Adds a row for a number above all before.</summary>
    public ref InodeRow Add(ulong number)
    {
        if (Count == _capacity)
        {
            _capacity = Math.Max(1024, checked(_capacity * 2));
            _rows = (InodeRow*)NativeMemory.Realloc(_rows, (nuint)_capacity * (nuint)sizeof(InodeRow));
        }

        ref InodeRow row = ref _rows[Count++];
        row = new InodeRow { Number = number, NamedBy = -1 };
        return ref row;
    }

    /// <summary>The row of an inode, or -1.</summary>
    public int Find(ulong number)
    {
        int from = 0;
        int to = Count - 1;
        while (from <= to)
        {
            int middle = (from + to) >>> 1;
            ulong found = _rows[middle].Number;
            if (found == number)
            {
                return middle;
            }

            if (found < number)
            {
                from = middle + 1;
            }
            else
            {
                to = middle - 1;
            }
        }

        return -1;
    }

    public void Dispose()
    {
        NativeMemory.Free(_rows);
        _rows = null;
        Count = 0;
    }
}
