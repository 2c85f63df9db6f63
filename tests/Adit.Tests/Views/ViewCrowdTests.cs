using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Tests.Views;

/// <summary>Views, pins, writes and layout changes of one file by many threads: nobody waits for ever, no signal, no block lost (B3, B13, D1).</summary>
public sealed class ViewCrowdTests
{
    private const int Page = 4096;
    private const int Size = 600 * Page;

    [Fact]
    public void Crowd_on_one_file_ends_and_leaves_a_sound_volume() => RunCrowd(TimeSpan.FromSeconds(2), seed: 1);

    [Fact]
    [Trait("Tier", "long")]
    public void Crowd_on_one_file_ends_and_leaves_a_sound_volume_after_minutes() => RunCrowd(TimeSpan.FromMinutes(2), seed: 2);

    private static void RunCrowd(TimeSpan duration, int seed)
    {
        using MemoryMedium medium = MemoryMedium.CreateShared(64 << 20);
        Volume.Format(medium, new FormatOptions { Label = "test" });
        using Volume volume = Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true, LeaseTime = TimeSpan.FromMilliseconds(1) });
        using AditFile file = volume.OpenFile("/f", FileMode.Create);
        file.Write(0, Bytes.Of(Size, seed));
        Action<Random>[] habits =
        [
            random => Store(file, random),
            random => Store(file, random),
            random => Load(file, random),
            random => Pin(file, random),
            random => ChangeLayout(file, random),
            random => ChangeLayout(file, random),
            _ => file.Flush(),
        ];
        long end = Environment.TickCount64 + (long)duration.TotalMilliseconds;
        long[] turns = new long[habits.Length];
        Exception? failure = null;
        Thread[] threads = [.. habits.Select((habit, number) => new Thread(() =>
        {
            Random random = new((seed * 100) + number);
            try
            {
                while (Environment.TickCount64 < end && Volatile.Read(ref failure) is null)
                {
                    Try(() => habit(random));
                    turns[number]++;
                }
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }) { IsBackground = true, Name = $"habit {number}" })];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(duration + TimeSpan.FromSeconds(30)), $"{thread.Name} hangs"));
        Assert.True(failure is null, failure?.ToString());
        Assert.All(turns, count => Assert.NotEqual(0, count));
        file.Flush();
        VolumeProof.Check(volume);
    }

    /// <summary>What may come of it when others change the file at the same time: the range is behind the end, or somebody keeps it; and
    /// a file of many pieces cannot be collapsed.</summary>
    private static void Try(Action habit)
    {
        try
        {
            habit();
        }
        catch (AditException exception) when (exception.Errno is Errno.ENXIO or Errno.EBUSY or Errno.EINVAL or Errno.ENOTSUP)
        {
        }
    }

    private static void Store(AditFile file, Random random)
    {
        (long offset, int length) = Range(random);
        using View view = file.Map(offset, length, new ViewOptions { Kind = ViewKind.ReadWrite });
        for (int i = 0; i < 200; i++)
        {
            view.WritableSpan[random.Next(length)]++;
        }

        _ = view.Flush();
    }

    private static void Load(AditFile file, Random random)
    {
        (long offset, int length) = Range(random);
        using View view = file.Map(offset, length, new ViewOptions { Kind = random.Next(2) == 0 ? ViewKind.Read : ViewKind.Private });
        long sum = 0;
        for (int i = 0; i < 2000; i++)
        {
            sum += view.Span[random.Next(length)];
        }

        Assert.NotEqual(-1, sum);
    }

    private static void Pin(AditFile file, Random random)
    {
        (long offset, _) = Range(random);
        Pin pin = file.Pin(offset, 100, random.Next(2) == 0 ? PinAccess.Read : PinAccess.Write);
        try
        {
            if (pin.IsWritable && pin.IsContiguous)
            {
                pin.WritableSpan.Fill(1);
            }
        }
        finally
        {
            pin.Dispose();
        }
    }

    private static void ChangeLayout(AditFile file, Random random)
    {
        (long offset, int length) = Range(random);
        switch (random.Next(6))
        {
            case 0:
                file.SetLength(offset);
                break;
            case 1:
                file.Allocate(offset, length, AllocateMode.PunchHole | AllocateMode.KeepSize);
                break;
            case 2:
                file.Allocate(0, Page, AllocateMode.CollapseRange);
                break;
            case 3:
                file.Allocate(offset, length, AllocateMode.ZeroRange);
                break;
            default:
                file.Write(offset, Bytes.Of(length, random.Next()));
                break;
        }
    }

    private static (long OffsetBytes, int LengthBytes) Range(Random random)
    {
        int offset = random.Next(Size - (100 * Page));
        return (offset, 1 + random.Next(100 * Page));
    }
}
