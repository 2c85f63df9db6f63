using System.Buffers.Binary;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Sources;
using Adit.Interop;

namespace Adit.Tutorial;

/// <summary>A file whose pages are made when they are first looked at, and are the file's from then on.</summary>
public static class LazyFile
{
    private const int Page = 4096;

    public static void Run(string pool, TextWriter output)
    {
        using Volume volume = Volume.Open(pool);
        using AditFile file = volume.OpenFile("/lazy", FileMode.OpenOrCreate);
        file.SetLength(1000L * Page);
        Squares squares = new();
        using IDisposable registration = file.Mapping.RegisterSource(PageRange.OfBytes(0, file.Length), squares, isDurable: true);
        long sum = 0;
        for (int round = 0; round < 2; round++)
        {
            foreach (long page in (long[])[3, 30, 300])
            {
                using Pin pin = file.Pin(page * Page, sizeof(long));
                sum += pin.Ref<long>();
            }
        }

        output.WriteLine($"sum {sum}, {squares.Calls} pages made");
    }

    private sealed class Squares : IPageSource
    {
        public int Calls { get; private set; }

        public Errno Fill(long offsetBytes, Span<byte> page)
        {
            Calls++;
            long number = offsetBytes / Page;
            BinaryPrimitives.WriteInt64LittleEndian(page, number * number);
            return Errno.Success;
        }
    }
}
