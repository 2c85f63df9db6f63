using System.Runtime.InteropServices;

namespace Adit.Files;

/// <summary>One mebibyte of zeros for the holes of all files. Never written, so the host gives it no memory of its own beyond
/// its zero page; never freed.</summary>
internal static unsafe class ZeroPages
{
    public const int LengthBytes = 1 << 20;

    public static readonly byte* Start = (byte*)NativeMemory.AllocZeroed(LengthBytes);
}
