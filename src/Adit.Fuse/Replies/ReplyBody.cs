using System.Runtime.CompilerServices;
using Adit.Fuse.Session;
using Adit.Interop;

namespace Adit.Fuse.Replies;

/// <summary>The bytes behind a reply's header, written in order into the channel's reply buffer.</summary>
internal unsafe ref struct ReplyBody(ReaderChannel channel)
{
    private readonly byte* _start = channel.ReplyBody;
    private readonly int _capacity = channel.ReplyCapacityBytes;

    public int LengthBytes { get; private set; }

    public readonly int FreeBytes => _capacity - LengthBytes;

    /// <summary>Room for a structure, zeroed. The reply buffer holds any number of structures that one reply has.</summary>
    public ref T Append<T>()
        where T : unmanaged
    {
        Invariant.That(FreeBytes >= Unsafe.SizeOf<T>(), "a reply outgrew its buffer");
        ref T place = ref Unsafe.AsRef<T>(_start + LengthBytes);
        place = default;
        LengthBytes += Unsafe.SizeOf<T>();
        return ref place;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(_start + LengthBytes, FreeBytes));
        LengthBytes += bytes.Length;
    }

    /// <summary>Room to fill in place; <see cref="Advance"/> says how much was.</summary>
    public readonly Span<byte> Free(int maxBytes) => new(_start + LengthBytes, Math.Min(maxBytes, FreeBytes));

    public void Advance(int lengthBytes) => LengthBytes += lengthBytes;

    public void Clear() => LengthBytes = 0;
}
