using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Adit.Fuse.Requests;

/// <summary>Walks over the bytes behind a request's header. Whatever they hold, a read is inside them or fails.</summary>
internal ref struct ArgumentCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly int RemainingBytes => _rest.Length;

    /// <summary>Takes a structure as the kernel laid it out.</summary>
    public bool TryRead<T>(out T value)
        where T : unmanaged
    {
        if (_rest.Length < Unsafe.SizeOf<T>())
        {
            value = default;
            return false;
        }

        value = MemoryMarshal.Read<T>(_rest);
        _rest = _rest[Unsafe.SizeOf<T>()..];
        return true;
    }

    /// <summary>Takes bytes up to a zero byte, and the zero.</summary>
    public bool TryReadString(out ReadOnlySpan<byte> text)
    {
        int length = _rest.IndexOf((byte)0);
        if (length < 0)
        {
            text = default;
            return false;
        }

        text = _rest[..length];
        _rest = _rest[(length + 1)..];
        return true;
    }

    public bool TryReadBytes(uint lengthBytes, out ReadOnlySpan<byte> bytes)
    {
        if (lengthBytes > (uint)_rest.Length)
        {
            bytes = default;
            return false;
        }

        bytes = _rest[..(int)lengthBytes];
        _rest = _rest[(int)lengthBytes..];
        return true;
    }
}
