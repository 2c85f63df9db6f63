using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Metadata.Space;

/// <summary>A zeroed table outside the managed heap whose pages cost nothing until they are touched. Indices are
/// checked; after <see cref="Dispose"/> every index is out of range.</summary>
internal sealed unsafe class NativeTable<T> : IDisposable
    where T : unmanaged
{
    private T* _start;
    private long _length;

    public NativeTable(long length)
    {
        _start = (T*)NativeMemory.AllocZeroed((nuint)Math.Max(1, length), (nuint)sizeof(T));
        _length = length;
    }

    ~NativeTable() => Dispose();

    public long Length => _length;

    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_length)
            {
                ThrowOutOfRange();
            }

            return ref _start[index];
        }
    }

    public void Dispose()
    {
        _length = 0;
        NativeMemory.Free(_start);
        _start = null;
        GC.SuppressFinalize(this);
    }

    private static void ThrowOutOfRange() => throw new ArgumentOutOfRangeException("index");
}
