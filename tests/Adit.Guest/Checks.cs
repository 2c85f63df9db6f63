using Adit.Checking;
using Adit.Dax.Layouts;
using Adit.Dax.Mappings;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;

namespace Adit.Guest;

/// <summary>The checks, in the order in which they build on each other.</summary>
internal static class Checks
{
    private const string Growing = "/folder/growing";
    private const int RecordBytes = 4096;

    public static IEnumerable<(string Name, Action<Place> Body)> For(Place place)
    {
        yield return (nameof(Volume_is_made_on_persistent_memory), Volume_is_made_on_persistent_memory);
        yield return (nameof(Operations_are_durable_and_the_medium_is_persistent), Operations_are_durable_and_the_medium_is_persistent);
        yield return (nameof(Second_opener_is_refused), Second_opener_is_refused);
        yield return (nameof(Files_come_back_after_the_volume_was_closed), Files_come_back_after_the_volume_was_closed);
        yield return (nameof(Appends_come_back_without_a_close), Appends_come_back_without_a_close);
        yield return (nameof(Read_only_volume_recovers_and_changes_nothing), Read_only_volume_recovers_and_changes_nothing);
        yield return (nameof(Checker_finds_nothing), Checker_finds_nothing);
        yield return (nameof(Synchronous_view_stores_to_the_medium), Synchronous_view_stores_to_the_medium);
        if (!place.IsDevice)
        {
            yield return (nameof(Medium_is_mapped_synchronously), Medium_is_mapped_synchronously);
            yield return (nameof(Medium_is_reached_by_huge_faults), Medium_is_reached_by_huge_faults);
            yield return (nameof(Memory_that_is_not_persistent_is_refused), Memory_that_is_not_persistent_is_refused);
        }
    }

    private static void Volume_is_made_on_persistent_memory(Place place)
    {
        Volume.Format(place.Path, new CreateOptions { Kind = MediumKind.Pmem, SizeBytes = place.SizeBytes, Label = "guest", Force = true });
        using Volume volume = Volume.Open(place.Path);
        volume.CreateDirectory("/folder");
        Proof.Equal(MediumKind.Pmem, volume.GetInformation().MediumKind, "the kind of medium");
    }

    private static void Operations_are_durable_and_the_medium_is_persistent(Place place)
    {
        using Volume volume = Volume.Open(place.Path);
        VolumeInformation information = volume.GetInformation();
        Proof.That(information.CommitsAreDurable, "operations are not durable when they return");
        Proof.That(information.HasCheapFences, "the medium's fences are dear");
        Proof.That(information.IsPersistent, "the medium is said to forget");
    }

    private static void Second_opener_is_refused(Place place)
    {
        using Volume volume = Volume.Open(place.Path);
        try
        {
            Volume.Open(place.Path).Dispose();
        }
        catch (AditException refusal)
        {
            Proof.Equal(Errno.EBUSY, refusal.Errno, "the refusal");
            return;
        }

        throw new ProofException("the volume was opened twice");
    }

    private static void Files_come_back_after_the_volume_was_closed(Place place)
    {
        byte[] large = new byte[5 << 20];
        new Random(7).NextBytes(large);
        using (Volume volume = Volume.Open(place.Path))
        {
            using AditFile file = volume.OpenFile("/folder/large", FileMode.Create);
            file.Write(0, large);
            for (int i = 0; i < 100; i++)
            {
                using AditFile small = volume.OpenFile($"/folder/small{i}", FileMode.Create);
                small.Write(0, large.AsSpan(i, 100));
            }
        }

        using Volume opened = Volume.Open(place.Path);
        Proof.That(opened.GetInformation().WasClean, "the volume was not closed in order");
        byte[] read = new byte[large.Length];
        using AditFile again = opened.OpenFile("/folder/large");
        Proof.Equal(large.Length, again.Read(0, read), "bytes read");
        Proof.That(read.AsSpan().SequenceEqual(large), "the large file's bytes are others");
        for (int i = 0; i < 100; i++)
        {
            using AditFile small = opened.OpenFile($"/folder/small{i}");
            Proof.Equal(100, small.Read(0, read), "bytes of a small file");
            Proof.That(read.AsSpan(0, 100).SequenceEqual(large.AsSpan(i, 100)), $"the bytes of small file {i} are others");
        }
    }

    private static void Appends_come_back_without_a_close(Place place)
    {
        const int Count = 200;
        byte[] record = new byte[RecordBytes];
        Volume volume = Volume.Open(place.Path);
        using (AditFile file = volume.OpenFile(Growing, FileMode.Create))
        {
            for (int i = 0; i < Count; i++)
            {
                record.AsSpan().Fill((byte)i);
                file.Write((long)i * RecordBytes, record);
            }

            volume.Abandon();
        }

        using Volume opened = Volume.Open(place.Path);
        Proof.That(opened.GetInformation().RecoveredRecords > 0, "nothing had to be recovered");
        using AditFile again = opened.OpenFile(Growing);
        Proof.Equal((long)Count * RecordBytes, again.Length, "the length");
        for (int i = 0; i < Count; i++)
        {
            Proof.Equal(RecordBytes, again.Read((long)i * RecordBytes, record), "bytes read");
            Proof.That(record.AsSpan().IndexOfAnyExcept((byte)i) < 0, $"record {i} is not whole");
        }
    }

    private static void Read_only_volume_recovers_and_changes_nothing(Place place)
    {
        Volume volume = Volume.Open(place.Path);
        volume.OpenFile("/folder/unclosed", FileMode.Create).Dispose();
        volume.Abandon();
        for (int round = 0; round < 2; round++)
        {
            using Volume opened = Volume.Open(place.Path, new VolumeOptions { ReadOnly = true });
            Proof.That(opened.GetInformation().RecoveredRecords > 0, $"round {round}: nothing was recovered");
            Proof.That(opened.Exists("/folder/unclosed"), $"round {round}: the file is not there");
        }
    }

    private static void Checker_finds_nothing(Place place)
    {
        CheckReport report = VolumeChecker.Check(place.Path);
        Proof.That(report.IsSound, string.Join("; ", report.Findings));
    }

    private static void Synchronous_view_stores_to_the_medium(Place place)
    {
        // On the last megabytes of the medium, which the volume keeps a part of: what was there is put back.
        const long Bytes = 4L << 20;
        const long Stored = 0x5EED_0F_AD17;
        long offset;
        long old;
        using (Medium medium = MediumFactory.Open(place.Path, new MediumOptions { Kind = MediumKind.Pmem }))
        {
            AddressSpace space = new(new RawMediumLayout(medium));
            offset = (medium.LengthBytes - Bytes) & -(2L << 20);
            Errno outcome = View.TryMap(
                space, offset, Bytes, new ViewOptions { Kind = ViewKind.ReadWrite, Flags = MapFlags.Sync }, out View? view, out string? refusal);
            Proof.That(outcome == Errno.Success, $"no synchronous view: {outcome}, {refusal}");
            using (view!)
            {
                Proof.That(view!.IsSync, "the view is not synchronous");
                old = view.Ref<long>(64);
                view.WritableRef<long>(64) = Stored;
                Proof.Equal(Errno.Success, view.Persist(64, sizeof(long)), "making a line durable");
            }
        }

        using Medium again = MediumFactory.Open(place.Path, new MediumOptions { Kind = MediumKind.Pmem });
        Proof.Equal(Stored, BitConverter.ToInt64(again.Span(offset + 64, sizeof(long))), "what the medium holds");
        again.Write(offset + 64, BitConverter.GetBytes(old));
        again.Fence();
    }

    private static void Medium_is_mapped_synchronously(Place place)
    {
        using Volume volume = Volume.Open(place.Path);
        IReadOnlyList<string> flags = KernelView.FlagsOf(place.Path);
        Proof.That(
            flags.Any(mapping => mapping.Split(' ').Contains("sf")), $"no mapping of {place.Path} has MAP_SYNC: {string.Join(" | ", flags)}");
    }

    private static void Medium_is_reached_by_huge_faults(Place place)
    {
        int faults = KernelView.CountHugeFaults(() =>
        {
            using Volume volume = Volume.Open(place.Path);
            using AditFile file = volume.OpenFile("/folder/huge", FileMode.Create);
            byte[] bytes = new byte[8 << 20];
            bytes.AsSpan().Fill(1);
            file.Write(0, bytes);
            Proof.Equal(bytes.Length, file.Read(0, bytes), "bytes read");
        });
        Proof.That(faults > 0, "every fault was a small one");
    }

    private static void Memory_that_is_not_persistent_is_refused(Place place)
    {
        try
        {
            Volume.Format("/tmp/none.adit", new CreateOptions { Kind = MediumKind.Pmem, SizeBytes = Place.VolumeBytes });
        }
        catch (AditException refusal)
        {
            Proof.Equal(Errno.ENOTSUP, refusal.Errno, "the refusal");
            return;
        }

        throw new ProofException("tmpfs was taken for persistent memory");
    }
}
