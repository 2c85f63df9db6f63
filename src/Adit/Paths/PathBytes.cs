using System.Text;

namespace Adit.Paths;

/// <summary>Paths as the volume keeps them: UTF-8.</summary>
internal static class PathBytes
{
    /// <summary>Callers lend this much of their stack; longer paths get an array.</summary>
    public const int StackBytes = 256;

    /// <summary>Up to here a loop is faster than the call of a general encoder.</summary>
    private const int ShortChars = 16;

    /// <returns>The path's bytes, in <paramref name="scratch"/> when they fit for certain.</returns>
    public static ReadOnlySpan<byte> Encode(ReadOnlySpan<char> path, Span<byte> scratch)
    {
        if (path.Length <= ShortChars && TryEncodeAscii(path, scratch))
        {
            return scratch[..path.Length];
        }

        if (Encoding.UTF8.GetMaxByteCount(path.Length) <= scratch.Length)
        {
            return scratch[..Encoding.UTF8.GetBytes(path, scratch)];
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(path)];
        Encoding.UTF8.GetBytes(path, bytes);
        return bytes;
    }

    private static bool TryEncodeAscii(ReadOnlySpan<char> path, Span<byte> scratch)
    {
        if (scratch.Length < path.Length)
        {
            return false;
        }

        for (int i = 0; i < path.Length; i++)
        {
            if (path[i] > 0x7F)
            {
                return false;
            }

            scratch[i] = (byte)path[i];
        }

        return true;
    }
}
