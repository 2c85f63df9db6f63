using Adit.Dax.Pins;
using Adit.Dax.Views;

namespace Adit.Tutorial;

/// <summary>A table of 10 GB, nearly empty, that many threads look things up in: one view, no locks, no copies, and no more memory than
/// what is in it.</summary>
public static class LargeTable
{
    private const long RowBytes = 64;
    private const long RowCount = 10_000_000_000 / RowBytes;
    private const int FilledCount = 300;

    public static void Run(string pool, TextWriter output)
    {
        using Volume volume = Volume.Open(pool);
        using AditFile file = volume.OpenFile("/table", FileMode.OpenOrCreate);
        file.SetLength(RowCount * RowBytes);
        for (int i = 0; i < FilledCount; i++)
        {
            using Pin row = file.Pin(RowOf(i) * RowBytes, RowBytes, PinAccess.Write);
            row.WritableRef<long>() = i + 1;
        }

        file.Flush();
        using View table = file.Map(0, file.Length);
        long sum = Enumerable.Range(0, FilledCount).AsParallel().Sum(i => table.Ref<long>(RowOf(i) * RowBytes));
        output.WriteLine($"sum {sum}, {file.Attributes.BlockCount} blocks for {file.Length} bytes");
    }

    /// <summary>Scatters rows over the table.</summary>
    private static long RowOf(int i) => i * 0x9E37_79B9L % RowCount;
}
