using Adit.Dax.Pins;
using Adit.Interop;

namespace Adit.Tutorial;

/// <summary>Counts how often it was run: eight bytes of a file, counted up where they lie on the medium.</summary>
public static class DurableCounter
{
    public static void Run(string pool, TextWriter output)
    {
        using Volume volume = Volume.Open(pool);
        using AditFile file = volume.OpenFile("/counter", FileMode.OpenOrCreate);
        if (file.Length == 0)
        {
            file.SetLength(sizeof(long));
        }

        using Pin pin = file.Pin(0, sizeof(long), PinAccess.Write);
        long count = ++pin.WritableRef<long>();
        if (pin.Flush() != Errno.Success)
        {
            throw new IOException("The count could not be made durable.");
        }

        output.WriteLine($"run {count}");
    }
}
