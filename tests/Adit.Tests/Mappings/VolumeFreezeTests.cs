using System.Diagnostics;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit.Simulation;
using Adit.TestKit.Threads;

namespace Adit.Tests.Mappings;

/// <summary>A frozen volume: changes wait, everything is durable, nothing is written, reads go on.</summary>
public sealed class VolumeFreezeTests : IDisposable
{
    private const int Page = 4096;
    private const int FileBytes = 40 * Page;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly LeaseOptions Lease = new() { Purpose = "test" };

    private static readonly Dictionary<string, Action<Volume>> Changes = new()
    {
        ["overwrite"] = static volume => At(volume, file => file.Write(5 * Page, [1])),
        ["extend"] = static volume => At(volume, file => file.Write(FileBytes, new byte[Page])),
        ["append"] = static volume => At(volume, file => file.Append([1])),
        ["truncate"] = static volume => At(volume, file => file.SetLength(5)),
        ["punch"] = static volume => At(volume, file => file.Allocate(0, Page, AllocateMode.PunchHole | AllocateMode.KeepSize)),
        ["allocate"] = static volume => At(volume, file => file.Allocate(1 << 20, Page)),
        ["store to a block"] = static volume => At(volume, Store),
        ["store into a hole"] = static volume => At(volume, file =>
        {
            using Pin pin = file.Pin(FileBytes - Page, 8, PinAccess.Write);
            pin.WritableRef<long>() = 7;
        }),
        ["map for storing"] = static volume => At(volume, file =>
        {
            using View view = file.Map(0, Page, new ViewOptions { Kind = ViewKind.ReadWrite });
            view.WritableSpan[0] ^= 1;
        }),
        ["empty"] = static volume => volume.OpenFile("/file", FileMode.Create).Dispose(),
        ["create"] = static volume => volume.OpenFile("/new", FileMode.CreateNew).Dispose(),
        ["temporary"] = static volume => volume.OpenTemporary().Dispose(),
        ["mkdir"] = static volume => volume.CreateDirectory("/new"),
        ["symlink"] = static volume => volume.CreateSymbolicLink("/new", "x"),
        ["link"] = static volume => volume.CreateLink("/file", "/new"),
        ["delete"] = static volume => volume.Delete("/file"),
        ["rmdir"] = static volume => volume.DeleteDirectory("/empty"),
        ["rename"] = static volume => volume.Move("/file", "/new"),
        ["chmod"] = static volume => volume.SetAttributes("/file", new AttributeChanges { Fields = AttributeFields.Mode, Mode = 0x180 }),
        ["setxattr"] = static volume => volume.SetExtendedAttribute("/file", "user.a", [1]),
        ["quotas on"] = static volume => volume.TurnQuotasOn(),
        ["quotas off"] = static volume => volume.TurnQuotasOff(forgetsLimits: true),
        ["removexattr"] = static volume => volume.RemoveExtendedAttribute("/file", "user.old"),
    };

    private readonly MemoryMedium _medium = MemoryMedium.CreateShared(16 << 20);
    private readonly Volume _volume;
    private readonly byte[] _bytes = Bytes.Of(FileBytes, 1);

    public VolumeFreezeTests()
    {
        Volume.Format(_medium, new FormatOptions { Label = "test" });
        _volume = Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true, LeaseTime = TimeSpan.FromMilliseconds(50) });
        Bytes.WriteAll(_volume, "/file", _bytes);
        At(_volume, file => file.Allocate(FileBytes - Page, Page, AllocateMode.PunchHole | AllocateMode.KeepSize));
        _bytes.AsSpan(FileBytes - Page).Clear();
        _volume.SetExtendedAttribute("/file", "user.old", [9]);
        _volume.CreateDirectory("/empty");
    }

    public static TheoryData<string> Names => [.. Changes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Change_of_a_frozen_volume_waits_for_the_thaw_while_reads_go_on(string name)
    {
        if (name is "quotas off")
        {
            _volume.TurnQuotasOn();
        }

        string before = Describe(_volume);
        _volume.Freeze();
        byte[] medium = Copy(_medium);
        Thread change = Start(() => Changes[name](_volume), out Func<Exception?> outcome);
        WaitUntilItRests(change);
        Assert.True(change.IsAlive, "the change did not wait");
        Read(_volume);
        _volume.Sync();
        _volume.CheckpointNow();
        Assert.Equal(before, Describe(_volume));
        Assert.True(medium.AsSpan().SequenceEqual(_medium.Span(0, medium.Length)), "the medium has changed");
        _volume.Thaw();
        Assert.True(change.Join(Patience));
        Assert.Null(outcome());
        if (name is not "temporary")
        {
            Assert.NotEqual(before, Describe(_volume));
        }

        VolumeProof.Check(_volume);
    }

    [Fact]
    public void Everything_that_was_done_before_a_freeze_is_durable()
    {
        const int Seed = 5;
        using SimulatedMedium medium = new(16 << 20, DurabilityModel.Page, Seed);
        Volume.Format(medium, new FormatOptions());
        VolumeOptions quiet = new() { LeaveMediumOpen = true, Store = new StoreOptions { BackgroundWork = false } };
        using Volume volume = Volume.Open(medium, quiet);
        using SimulatedMedium image = medium.MakeImageMedium(Seed + 1);
        using AditFile file = volume.OpenFile("/file", FileMode.Create);
        file.Write(0, _bytes);
        volume.Sync();
        file.Write(3 * Page, [1, 2, 3]);
        Store(file);
        volume.CreateDirectory("/d");
        Assert.NotEqual(Describe(volume), Survivor());
        volume.Freeze();
        Assert.Equal(Describe(volume), Survivor());
        volume.Thaw();

        string Survivor()
        {
            CrashState state = new();
            medium.Capture(state);
            medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, Seed);
            using Volume left = Volume.Open(image, quiet);
            VolumeProof.Check(left);
            return Describe(left);
        }
    }

    [Fact]
    public void Frozen_under_load_the_medium_stands_still_and_is_a_whole_volume()
    {
        const int Threads = 3;
        const int Freezes = 12;
        bool isDone = false;
        int[] turns = new int[Threads];
        bool[] isInTurn = new bool[Threads];
        GuardedThread[] threads = GuardedThread.Start(Threads, Load);
        int held = 0;
        for (int round = 0; round < Freezes; round++)
        {
            int before = turns.Sum();
            SpinWait.SpinUntil(() => turns.Sum() >= before + 50 || threads.Any(thread => !thread.IsAlive), Patience);
            Assert.All(threads, thread => Assert.Null(thread.Failure));
            Assert.True(turns.Sum() >= before + 50, "the writers hang");
            Assert.Null(Freeze());
            byte[] copy = Copy(_medium);
            Thread.Sleep(20);
            held += Enumerable.Range(0, Threads).Count(id => Volatile.Read(ref isInTurn[id]));
            Assert.True(copy.AsSpan().SequenceEqual(_medium.Span(0, copy.Length)), "the medium has changed under a freeze");
            _volume.Thaw();
            using MemoryMedium image = new(copy.Length);
            image.Write(0, copy);
            using Volume left = Volume.Open(image, new VolumeOptions { LeaveMediumOpen = true });
            VolumeProof.Check(left);
        }

        Volatile.Write(ref isDone, true);
        GuardedThread.JoinAll(threads, Patience);
        Assert.True(held >= Freezes, $"inconclusive: in {Freezes} freezes {held} writers were held in the middle of their work");
        VolumeProof.Check(_volume);

        // A pin of the load may be kept for longer than a lease on a busy machine.
        Exception? Freeze()
        {
            Exception? refusal = null;
            for (int tries = 0; tries < 20; tries++)
            {
                refusal = Record.Exception(() => _volume.Freeze());
                if (refusal is not AditException { Errno: Errno.EBUSY })
                {
                    return refusal;
                }
            }

            return refusal;
        }

        void Load(int id)
        {
            Random random = new(id);
            string path = $"/load{id}";
            while (!Volatile.Read(ref isDone))
            {
                Volatile.Write(ref isInTurn[id], true);
                using (AditFile file = _volume.OpenFile(path, FileMode.OpenOrCreate))
                {
                    file.Append(Bytes.Of(1000, id));
                    file.Write(random.Next((int)file.Length), [1, 2, 3]);
                    using (Pin pin = file.Pin(random.Next((int)file.Length), 1, PinAccess.Write))
                    {
                        pin.WritableSpan[0] = 4;
                    }

                    if (file.Length > 300_000)
                    {
                        file.SetLength(10);
                    }
                }

                if (random.Next(4) == 0)
                {
                    _volume.Move(path, path + "x");
                    _volume.Delete(path + "x");
                }

                Volatile.Write(ref isInTurn[id], false);
                Volatile.Write(ref turns[id], turns[id] + 1);
            }
        }
    }

    [Fact]
    public void Writable_view_long_pin_and_second_freeze_are_refusals_that_freeze_nothing()
    {
        using AditFile file = _volume.OpenFile("/file");
        using (file.Map(0, Page, new ViewOptions { Kind = ViewKind.ReadWrite }))
        {
            Assert.Equal(Errno.EBUSY, _volume.FreezeVolume());
            Assert.False(_volume.IsFrozen);
        }

        using (file.PinLong(0, Page, PinAccess.Write, Lease))
        {
            Assert.Equal(Errno.EBUSY, _volume.FreezeVolume());
            using CancellationTokenSource cancellation = new();
            cancellation.Cancel();
            Assert.Throws<OperationCanceledException>(() => _volume.Freeze(cancellation.Token));
            Assert.False(_volume.IsFrozen);
        }

        file.Write(0, [1]);
        Store(file);
        _volume.Freeze();
        Assert.Equal(Errno.EBUSY, _volume.FreezeVolume());
        Assert.True(_volume.IsFrozen);
        _volume.Thaw();
        _volume.Thaw();
        Store(file);
    }

    [Fact]
    public void File_that_loses_its_last_name_before_a_freeze_and_its_last_user_during_it_is_removed_after_it()
    {
        AditFile file = _volume.OpenFile("/file");
        _volume.Delete("/file");
        _volume.Freeze();
        byte[] medium = Copy(_medium);
        file.Dispose();
        long free = _volume.Store.FreeBlocks;
        Assert.True(medium.AsSpan().SequenceEqual(_medium.Span(0, medium.Length)), "the medium has changed");
        _volume.Thaw();
        _volume.WaitForBackgroundWork();
        Assert.True(_volume.Store.FreeBlocks >= free + 39);
        VolumeProof.Check(_volume);
    }

    [Fact]
    public void Volume_that_is_closed_while_frozen_lets_those_who_wait_go()
    {
        _volume.Freeze();
        Thread change = Start(() => _volume.CreateDirectory("/new"), out Func<Exception?> outcome);
        WaitUntilItRests(change);
        Assert.True(change.IsAlive);
        _volume.Dispose();
        Assert.True(change.Join(Patience));

        // It was made before the close, or refused after it.
        Assert.True(outcome() is null or AditException { Errno: Errno.EBADF });
    }

    public void Dispose()
    {
        _volume.Dispose();
        _medium.Dispose();
    }

    private void Read(Volume volume)
    {
        using AditFile file = volume.OpenFile("/file", FileMode.Open, FileAccess.Read);
        byte[] read = new byte[FileBytes];
        Assert.Equal(FileBytes, file.Read(0, read));
        Assert.Equal(_bytes, read);
        using (Pin pin = file.Pin(2 * Page, Page))
        {
            Assert.Equal(_bytes.AsSpan(2 * Page, Page), pin.Span);
        }

        using (View view = file.Map(0, FileBytes))
        {
            Assert.Equal(_bytes, view.Span);
        }

        file.Flush();
        Assert.Equal(2, volume.Enumerate("/").Count());
    }

    private static void Store(AditFile file)
    {
        using Pin pin = file.Pin(0, 8, PinAccess.Write);
        pin.WritableRef<long>() = 77;
    }

    private static void At(Volume volume, Action<AditFile> action)
    {
        using AditFile file = volume.OpenFile("/file");
        action(file);
    }

    private static unsafe byte[] Copy(MemoryMedium medium) => new ReadOnlySpan<byte>(medium.Start, (int)medium.LengthBytes).ToArray();

    /// <summary>Names, modes, sizes, blocks, attributes and bytes; no time stamps.</summary>
    private static string Describe(Volume volume) => $"quotas {volume.GetQuotaStatus().State}; " + string.Join("; ", volume.Enumerate("/").OrderBy(entry => entry.Name, StringComparer.Ordinal).Select(entry =>
    {
        NodeAttributes attributes = volume.GetAttributes("/" + entry.Name, followLink: false);
        string content = attributes.Type == FileType.Regular
            ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Bytes.ReadAll(volume, "/" + entry.Name))) : "";
        string names = string.Join(",", volume.ListExtendedAttributes("/" + entry.Name, followLink: false));
        return $"{entry.Name} {attributes.Mode:x} {attributes.LinkCount} {attributes.SizeBytes} {attributes.BlockCount} {names} {content}";
    }));

    private static Thread Start(Action body, out Func<Exception?> outcome)
    {
        Exception? thrown = null;
        outcome = () => thrown;
        Thread thread = new(() => thrown = Record.Exception(body)) { IsBackground = true };
        thread.Start();
        return thread;
    }

    /// <summary>Returns when it has ended, or sleeps and goes on sleeping.</summary>
    private static void WaitUntilItRests(Thread thread)
    {
        long started = Stopwatch.GetTimestamp();
        long asleepSince = 0;
        while (thread.IsAlive && (asleepSince == 0 || Stopwatch.GetElapsedTime(asleepSince) < TimeSpan.FromMilliseconds(60)))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "a thread neither sleeps nor ends");
            bool isAsleep = (thread.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0;
            asleepSince = !isAsleep ? 0 : asleepSince != 0 ? asleepSince : Stopwatch.GetTimestamp();
            Thread.Sleep(1);
        }
    }
}
