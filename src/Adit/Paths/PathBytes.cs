using System.Text;

namespace Adit.Paths;

/// <summary>Paths as the volume keeps them: UTF-8.</summary>
internal static class PathBytes
{
    /// <summary>Callers lend this much of their stack; longer paths get an array.</summary>
    public const int StackBytes = 256;

    /// <returns>The path's bytes, in <paramref name="scratch"/> when they fit for certain.</returns>
    public static ReadOnlySpan<byte> Encode(string path, Span<byte> scratch) =>
        Encoding.UTF8.GetMaxByteCount(path.Length) <= scratch.Length
            ? scratch[..Encoding.UTF8.GetBytes(path, scratch)]
            : Encoding.UTF8.GetBytes(path);
}
