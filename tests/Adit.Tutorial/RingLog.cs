using Adit.Dax.Views;
using Adit.Interop;

namespace Adit.Tutorial;

/// <summary>A log of fixed records in a ring. A record counts once its sequence number is there, and the number is stored only when
/// the rest is durable; so after a crash every record is there whole, or not at all.</summary>
public static class RingLog
{
    private const int RecordBytes = 64;
    private const int RecordCount = 1024;

    public static void Run(string pool, TextWriter output)
    {
        using Volume volume = Volume.Open(pool);
        using AditFile file = volume.OpenFile("/ring", FileMode.OpenOrCreate);
        if (file.Length == 0)
        {
            file.SetLength(RecordBytes * RecordCount);
        }

        // Synchronous stores where the medium has them; elsewhere each Persist is a flush.
        MapFlags flags = file.Mapping.CanSync ? MapFlags.Sync : MapFlags.None;
        using View ring = file.Map(0, file.Length, new ViewOptions { Kind = ViewKind.ReadWrite, Flags = flags });
        long last = Enumerable.Range(0, RecordCount).Max(slot => ring.Ref<long>(slot * RecordBytes));
        for (int i = 0; i < 3; i++)
        {
            Append(ring, ++last, DateTime.UtcNow.Ticks);
        }

        output.WriteLine($"{last} records were logged");
    }

    private static void Append(View ring, long sequence, long payload)
    {
        long at = sequence % RecordCount * RecordBytes;
        ring.WritableRef<long>(at + sizeof(long)) = payload;
        Persist(ring, at + sizeof(long), sizeof(long));
        ring.WritableRef<long>(at) = sequence;
        Persist(ring, at, sizeof(long));
    }

    private static void Persist(View ring, long offset, long length)
    {
        if (ring.Persist(offset, length) != Errno.Success)
        {
            throw new IOException("The record could not be made durable.");
        }
    }
}
