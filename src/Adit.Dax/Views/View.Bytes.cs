using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Adit.Dax.Views;

/// <content>The bytes.</content>
public sealed unsafe partial class View
{
    /// <summary>All bytes.</summary>
    /// <exception cref="InvalidOperationException">They are more than a span can hold (2 GiB): take parts.</exception>
    public ReadOnlySpan<byte> Span => Slice(0, LengthOfSpan());

    /// <summary>All bytes, to store to.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="Span"/>; or the view is for reading.</exception>
    public Span<byte> WritableSpan => WritableSlice(0, LengthOfSpan());

    /// <summary>Address of the first byte, for native code. Valid until the view is disposed.</summary>
    public byte* DangerousStart => Address(0, 0);

    /// <summary>A part of the bytes.</summary>
    /// <param name="offsetInView">Where it begins.</param>
    /// <param name="lengthBytes">How long it is.</param>
    public ReadOnlySpan<byte> Slice(long offsetInView, int lengthBytes) => new(Address(offsetInView, lengthBytes), lengthBytes);

    /// <summary>A part of the bytes, to store to.</summary>
    public Span<byte> WritableSlice(long offsetInView, int lengthBytes)
    {
        CheckWritable();
        return new Span<byte>(Address(offsetInView, lengthBytes), lengthBytes);
    }

    /// <summary>A value in place, to be read.</summary>
    /// <typeparam name="T">A type without references, laid out as the file has it.</typeparam>
    /// <param name="offsetInView">Where it lies. Atomic up to 8 bytes if it is aligned in the file.</param>
    public ref readonly T Ref<T>(long offsetInView)
        where T : unmanaged => ref *(T*)Address(offsetInView, sizeof(T));

    /// <summary>A value in place, to be stored to.</summary>
    public ref T WritableRef<T>(long offsetInView)
        where T : unmanaged
    {
        CheckWritable();
        return ref *(T*)Address(offsetInView, sizeof(T));
    }

    /// <summary>A part of the bytes as memory, for I/O that outlives the caller: while it is pinned the addresses stay the view's.</summary>
    public ReadOnlyMemory<byte> Memory(long offsetInView, int lengthBytes) => MakeMemory(offsetInView, lengthBytes);

    /// <summary>The same to store to.</summary>
    public Memory<byte> WritableMemory(long offsetInView, int lengthBytes)
    {
        CheckWritable();
        return MakeMemory(offsetInView, lengthBytes);
    }

    private Memory<byte> MakeMemory(long offsetInView, int lengthBytes) =>
        new ViewMemory(this, Address(offsetInView, lengthBytes), lengthBytes).Memory;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Address(long offsetInView, long lengthBytes)
    {
        if ((ulong)lengthBytes > (ulong)LengthBytes || (ulong)offsetInView > (ulong)(LengthBytes - lengthBytes) || IsDisposed)
        {
            ThrowCannotAccess(offsetInView, lengthBytes);
        }

        return _mapping.Start + _startInMapping + offsetInView;
    }

    private int LengthOfSpan() => LengthBytes <= int.MaxValue
        ? (int)LengthBytes
        : throw new InvalidOperationException($"The view of {LengthBytes} bytes is more than one span can hold. Take parts with Slice.");

    private void CheckWritable()
    {
        if (Kind == ViewKind.Read)
        {
            ThrowReadOnly();
        }
    }

    [DoesNotReturn]
    private static void ThrowReadOnly() =>
        throw new InvalidOperationException("The view is for reading. Map with ViewKind.ReadWrite or ViewKind.Private to store to it.");

    [DoesNotReturn]
    private void ThrowCannotAccess(long offsetInView, long lengthBytes)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        throw new ArgumentOutOfRangeException(
            nameof(offsetInView), $"{lengthBytes} bytes at {offsetInView} are not inside the view of {LengthBytes} bytes.");
    }
}
