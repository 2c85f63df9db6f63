using Adit.Access;
using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Dax.Sources;
using Adit.Dax.Views;
using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit.Threads;

namespace Adit.Tests.Access;

/// <summary>Which files are accessed directly: option, flag, and the state that is fixed while a file is in use.</summary>
public sealed class DaxStateTests
{
    [Theory]
    [InlineData(DaxMode.Inode, true, DaxState.Direct, "flag x is set")]
    [InlineData(DaxMode.Inode, false, DaxState.Private, "flag x is not set")]
    [InlineData(DaxMode.Always, false, DaxState.Direct, "dax=always")]
    [InlineData(DaxMode.Never, true, DaxState.Private, "dax=never")]
    public void State_follows_from_option_and_flag_and_says_why(DaxMode mode, bool flag, DaxState expected, string reason)
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open(new VolumeOptions { Dax = mode });
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", flag ? FileFlags.DirectAccess : FileFlags.None, flag ? FileFlags.None : FileFlags.DirectAccess);
        Bytes.WriteAll(volume, "/d/f", Bytes.Of(10_000, 1));
        using AditFile file = volume.OpenFile("/d/f");

        Assert.Equal((flag, expected, true, null as string), (file.DaxStatus.Flag, file.DaxStatus.State, file.DaxStatus.IsInUse, file.DaxStatus.Pending));
        Assert.Contains(reason, file.DaxStatus.Reason, StringComparison.Ordinal);
        Assert.Equal(expected == DaxState.Direct, file.Node.IsDirect);
        Assert.Equal(mode, volume.GetInformation().Dax);
        Assert.Equal(DaxState.None, volume.GetDaxStatus("/d").State);
        foreach (Action access in new Action[]
        {
            () => file.Pin(0, 100).Dispose(),
            () => file.PinLong(0, 100, PinAccess.Read, new() { Purpose = "test" }).Dispose(),
            () => file.Map(0, 100).Dispose(),
            () => file.ReadDirect(0, 100).Dispose(),
        })
        {
            if (expected == DaxState.Direct)
            {
                access();
                continue;
            }

            DirectAccessException refusal = Assert.Throws<DirectAccessException>(access);
            Assert.Equal((Errno.ENOTSUP, DaxState.Private), (refusal.Errno, refusal.Status.State));
            Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        }

        byte[] bytes = new byte[10_000];
        Assert.Equal(10_000, file.Read(0, bytes));
        Assert.Equal(Bytes.Of(10_000, 1), bytes);
    }

    [Fact]
    public void State_stays_while_anybody_uses_the_file_and_follows_the_flag_after()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", Bytes.Of(8192, 1));
        AditFile first = volume.OpenFile("/f");
        View view = first.Map(0, 8192);

        FlagChangeReport report = volume.SetFlags("/f", FileFlags.None, FileFlags.DirectAccess);

        Assert.Equal((1, 1), (report.FilesChanged, report.Pending));
        DaxStatus status = volume.GetDaxStatus("/f");
        Assert.Equal((false, DaxState.Direct, DaxState.Private), (status.Flag, status.State, status.NextState));
        Assert.Contains("1 open, mapped", status.Pending, StringComparison.Ordinal);
        first.Pin(0, 100, PinAccess.Write).Dispose();
        AditFile second = volume.OpenFile("/f");
        Assert.Equal(DaxState.Direct, second.DaxStatus.State);
        first.Dispose();
        second.Dispose();

        // The view outlives the handles, and keeps the file in use.
        using (AditFile third = volume.OpenFile("/f"))
        {
            Assert.Equal(DaxState.Direct, third.DaxStatus.State);
            third.Pin(0, 100).Dispose();
        }

        view.Dispose();
        using AditFile after = volume.OpenFile("/f");
        Assert.Equal((DaxState.Private, null as string), (after.DaxStatus.State, after.DaxStatus.Pending));
        Assert.Throws<DirectAccessException>(() => after.Pin(0, 100).Dispose());
    }

    [Fact]
    public void Inode_that_only_a_kernel_retains_does_not_keep_its_state()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", Bytes.Of(100, 1));
        Assert.Equal(Errno.Success, volume.Lookup(InodeNumber.Root, "f"u8, out NodeAttributes attributes));
        volume.SetFlags("/f", FileFlags.None, FileFlags.DirectAccess);
        Assert.Equal(Errno.Success, volume.Open(attributes.Inode, OpenIntent.Read, out IOpenFile? file));
        Assert.False(file!.IsDirect);
        file.Dispose();
        volume.SetFlags("/f", FileFlags.DirectAccess);
        Assert.Equal(Errno.Success, volume.Open(attributes.Inode, OpenIntent.Read, out file));
        Assert.True(file!.IsDirect);
        file.Dispose();
        volume.Forget(attributes.Inode, 1);
    }

    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Bytes_are_the_same_through_every_change_of_state(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using Volume volume = fixture.Open();
        byte[] expected = Bytes.Of(300_000, 1);
        Bytes.WriteAll(volume, "/f", expected);
        Random random = new(5);
        for (int i = 0; i < 40; i++)
        {
            volume.SetFlags("/f", i % 2 == 0 ? FileFlags.None : FileFlags.DirectAccess, i % 2 == 0 ? FileFlags.DirectAccess : FileFlags.None);
            using AditFile file = volume.OpenFile("/f");
            Assert.Equal(i % 2 != 0, file.Node.IsDirect);
            byte[] bytes = new byte[expected.Length];
            Assert.Equal(expected.Length, file.Read(0, bytes));
            Assert.True(expected.AsSpan().SequenceEqual(bytes), $"change {i}");
            int offset = random.Next(expected.Length - 20_000);
            byte[] written = Bytes.Of(random.Next(1, 20_000), i);
            if (file.Node.IsDirect && i % 3 == 0)
            {
                using Pin pin = file.Pin(offset & -4096, 100, PinAccess.Write);
                written = Bytes.Of(100, i);
                offset &= -4096;
                written.CopyTo(pin.WritableSpan);
            }
            else
            {
                file.Write(offset, written);
            }

            written.CopyTo(expected, offset);
        }

        Assert.Equal(expected, Bytes.ReadAll(volume, "/f"));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Flag_that_is_changed_all_the_time_never_changes_an_open_file()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", new byte[64 * 4096]);
        TimeSpan patience = TimeSpan.FromSeconds(30);
        bool isOver = false;
        int[] states = new int[2];
        GuardedThread[] threads =
        [
            GuardedThread.Start(() => Repeat(() => volume.SetFlags("/f", FileFlags.None, FileFlags.DirectAccess))),
            GuardedThread.Start(() => Repeat(() => volume.SetFlags("/f", FileFlags.DirectAccess))),
            GuardedThread.Start(() => Repeat(() => Use(1))),
            GuardedThread.Start(() => Repeat(() => Use(2))),
        ];
        SpinWait.SpinUntil(() => states.All(count => count > 5) || threads.Any(thread => !thread.IsAlive), patience);
        Volatile.Write(ref isOver, true);
        GuardedThread.JoinAll(threads, patience);
        Assert.True(states.All(count => count > 5), $"inconclusive: {states[0]} private, {states[1]} direct");
        VolumeProof.Check(volume);

        void Repeat(Action action)
        {
            while (!Volatile.Read(ref isOver))
            {
                action();
            }
        }

        // Each page holds one byte throughout: whoever mixes states, or blocks, tears it.
        void Use(int seed)
        {
            // Now and then nobody has the file open, and the flag can take effect.
            Thread.Sleep(seed);
            using AditFile file = volume.OpenFile("/f");
            bool isDirect = file.Node.IsDirect;
            Interlocked.Increment(ref states[isDirect ? 1 : 0]);
            byte[] page = new byte[4096];
            for (int i = 0; i < 8; i++)
            {
                long offset = ((i * 7) + seed) % 64 * 4096L;
                page.AsSpan().Fill((byte)((seed * 16) + i));
                file.Write(offset, page);
                Assert.Equal(isDirect, file.Node.IsDirect);
                if (isDirect)
                {
                    using Pin pin = file.Pin(offset, 4096);
                    Assert.Equal(4096, pin.Span.Length);
                }
                else
                {
                    Assert.Throws<DirectAccessException>(() => file.Pin(offset, 10).Dispose());
                }

                Assert.Equal(4096, file.Read(offset, page));
                Assert.Equal(-1, page.AsSpan().IndexOfAnyExcept(page[0]));
            }
        }
    }

    [Fact]
    public void Volume_made_before_flags_decided_is_accessed_directly()
    {
        using MemoryMedium medium = new(64 << 20);
        Volume.Format(medium, new FormatOptions { DirectAccess = false, ReadOnlyCompatibleFeatures = 0 });
        using (Volume volume = Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true }))
        {
            Bytes.WriteAll(volume, "/f", [1]);
            DaxStatus status = volume.GetDaxStatus("/f");
            Assert.Equal((false, DaxState.Direct), (status.Flag, status.State));
            Assert.Contains("before flags decided", status.Reason, StringComparison.Ordinal);
        }

        VolumeException refusal = Assert.Throws<VolumeException>(
            () => Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true, Dax = DaxMode.Never }));
        Assert.Equal(Errno.ENOTSUP, refusal.Errno);
    }

    [Fact]
    public void Root_of_a_volume_may_be_without_the_flag()
    {
        using MemoryMedium medium = new(64 << 20);
        Volume.Format(medium, new FormatOptions { DirectAccess = false });
        using Volume volume = Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true });
        Bytes.WriteAll(volume, "/f", [1]);
        Assert.Equal(DaxState.Private, volume.GetDaxStatus("/f").State);
    }

    [Theory]
    [InlineData("dax=inode", DaxMode.Inode, 0)]
    [InlineData("dax=never,noatime", DaxMode.Never, 0)]
    [InlineData("dax=always", DaxMode.Always, 0)]
    [InlineData("dax", DaxMode.Always, 1)]
    [InlineData("dax,dax=inode", DaxMode.Inode, 1)]
    public void Option_words_are_read_and_the_old_one_is_warned_about(string words, DaxMode expected, int warningCount)
    {
        Assert.True(VolumeOptionWords.TryParse(words, new VolumeOptions(), out VolumeOptions options, out IReadOnlyList<string> warnings, out string? error), error);
        Assert.Equal((expected, warningCount), (options.Dax, warnings.Count));
        Assert.All(warnings, warning => Assert.Contains("deprecated", warning, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dax=sometimes", "inode, always or never")]
    [InlineData("ro,frobnicate", "nopreview")]
    public void Unknown_option_words_change_nothing_and_name_what_is_known(string words, string help)
    {
        Assert.False(VolumeOptionWords.TryParse(words, new VolumeOptions(), out VolumeOptions options, out _, out string? error));
        Assert.Contains(help, error, StringComparison.Ordinal);
        Assert.Equal(new VolumeOptions(), options);
    }

    [Fact]
    public void Previews_can_be_refused_and_say_so()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        Assert.Equal(Errno.ENOTSUP, Assert.Throws<AditException>(
            () => fixture.Open(new VolumeOptions { Previews = PreviewPolicy.Refuse, Dax = DaxMode.Never })).Errno);
        using Volume volume = fixture.Open(new VolumeOptions { Previews = PreviewPolicy.Refuse });
        Bytes.WriteAll(volume, "/direct", Bytes.Of(8192, 1));
        Bytes.WriteAll(volume, "/private", [1]);
        volume.SetFlags("/private", FileFlags.None, FileFlags.DirectAccess);
        using AditFile file = volume.OpenFile("/direct");
        file.Pin(0, 100, PinAccess.Write).Dispose();

        Assert.Equal(Errno.ENOTSUP, Assert.Throws<AditException>(() => volume.OpenFile("/private").Dispose()).Errno);
        Assert.Contains(VolumeFeatures.PrivateFiles, volume.GetDaxStatus("/private").Reason, StringComparison.Ordinal);
        AditException refusal = Assert.Throws<AditException>(() => file.Pin(0, 100, PinAccess.Write | PinAccess.Sync).Dispose());
        Assert.Contains(VolumeFeatures.SynchronousMappings, refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<AditException>(
            () => file.Map(0, 100, new ViewOptions { Kind = ViewKind.ReadWrite, Flags = MapFlags.Sync }).Dispose());
        Assert.Contains(VolumeFeatures.SynchronousMappings, refusal.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => file.Mapping.RegisterSource(PageRange.All, new NoSource()));
        Assert.Equal(PreviewPolicy.Refuse, volume.GetInformation().Previews);
        volume.SetFlags("/private", FileFlags.DirectAccess);
        volume.OpenFile("/private").Dispose();
    }

    [Fact]
    public void Refused_opening_leaves_the_volume_closed()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        Assert.Throws<AditException>(() => fixture.Open(new VolumeOptions { Previews = PreviewPolicy.Refuse, Dax = DaxMode.Never }));
        using Volume volume = fixture.Open();
        Assert.True(volume.GetInformation().WasClean);
    }

    private sealed class NoSource : IPageSource
    {
        public Errno Fill(long offsetBytes, Span<byte> page) => Errno.EIO;
    }
}
