using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Clients;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>One volume, used by the library and through a mount at once: what either does, the other sees next. A client process keeps
/// files and mappings of the mount open, so that the kernel has everything cached that it can.</summary>
[Collection(MountCollection.Name)]
public sealed class CoherenceTests
{
    private const int PageBytes = 4096;
    private static readonly MountOptions Cached = new() { Dax = DaxMode.Never };
    private static readonly ViewOptions Writable = new() { Kind = ViewKind.ReadWrite };

    [MountFact]
    public void Store_through_a_pin_is_read_through_the_page_cache_after_unpin()
    {
        using Both both = new(Cached);
        both.Client.Write("f", 0, new string('a', 2 * PageBytes));
        Assert.Equal("aaaa", both.Client.Read("f", 100, 4));

        using (Pin pin = both.File.Pin(100, 4, PinAccess.Write))
        {
            "pin!"u8.CopyTo(pin.WritableSpan);
        }

        Assert.Equal("pin!", both.Client.Read("f", 100, 4));

        using LongPin kept = both.File.PinLong(PageBytes, 8, PinAccess.Write, new LeaseOptions { Purpose = "test" });
        Assert.Equal("aaaaaaaa", both.Client.Read("f", PageBytes, 8));
        "held"u8.CopyTo(kept.WriteSegment(0).Span);
        kept.Flush(0, 8);
        Assert.Equal("heldaaaa", both.Client.Read("f", PageBytes, 8));
        "more"u8.CopyTo(kept.WriteSegment(0).Span);
        kept.Dispose();
        Assert.Equal("moreaaaa", both.Client.Read("f", PageBytes, 8));
    }

    [MountFact]
    public void Store_through_a_view_is_read_through_the_page_cache_after_a_flush_or_its_end()
    {
        using Both both = new(Cached);
        both.Client.Write("f", 0, new string('a', 4 * PageBytes));
        Assert.Equal("aaaa", both.Client.Read("f", PageBytes, 4));
        using (View view = both.File.Map(0, 4 * PageBytes, Writable))
        {
            "view"u8.CopyTo(view.WritableSpan[PageBytes..]);
            Assert.Equal(Interop.Errno.Success, view.Flush());
            Assert.Equal("view", both.Client.Read("f", PageBytes, 4));

            "line"u8.CopyTo(view.WritableSpan[PageBytes..]);
            Assert.Equal(Interop.Errno.Success, view.Persist(PageBytes, 4));
            Assert.Equal("line", both.Client.Read("f", PageBytes, 4));

            "file"u8.CopyTo(view.WritableSpan[PageBytes..]);
            both.File.Flush();
            Assert.Equal("file", both.Client.Read("f", PageBytes, 4));
            "last"u8.CopyTo(view.WritableSpan[PageBytes..]);
        }

        Assert.Equal("last", both.Client.Read("f", PageBytes, 4));
    }

    [MountFact]
    public void Stores_and_writes_of_the_library_are_in_a_clients_mapping()
    {
        foreach (DaxMode mode in (DaxMode[])[DaxMode.Never, DaxMode.Always])
        {
            using Both both = new(new MountOptions { Dax = mode });
            both.Client.Write("f", 0, new string('a', 2 * PageBytes));
            both.Client.Map("m", "f", 2 * PageBytes);
            Assert.Equal("aaaa", both.Client.Load("m", PageBytes, 4));

            both.File.Write(PageBytes, "lib!"u8);
            Assert.Equal("lib!", both.Client.Load("m", PageBytes, 4));

            using (Pin pin = both.File.Pin(PageBytes, 4, PinAccess.Write))
            {
                "pin!"u8.CopyTo(pin.WritableSpan);
            }

            Assert.Equal("pin!", both.Client.Load("m", PageBytes, 4));
            both.File.Allocate(PageBytes, PageBytes, AllocateMode.PunchHole | AllocateMode.KeepSize);
            Assert.Equal("\0\0\0\0", both.Client.Load("m", PageBytes, 4));
        }
    }

    [MountFact]
    public void Mapped_stores_of_a_client_reach_pins_with_time_stamps_after_msync_and_after_munmap()
    {
        foreach (DaxMode mode in (DaxMode[])[DaxMode.Never, DaxMode.Always])
        {
            using Both both = new(new MountOptions { Dax = mode });
            both.Client.Write("f", 0, new string('a', 2 * PageBytes));
            both.Client.Map("m", "f", 2 * PageBytes);
            using LongPin pin = both.File.PinLong(0, 2 * PageBytes, PinAccess.Read, new LeaseOptions { Purpose = "test" });
            ClientStatus before = both.Client.Stat("f");

            both.Tick();
            both.Client.Store("m", 10, "mapped");
            both.Client.Succeed("msync", "m");
            Assert.Equal("mapped"u8, pin.ReadSegment(0).Span.Slice(10, 6));
            ClientStatus synced = both.Client.Stat("f");
            Assert.True(synced.Modified > before.Modified && synced.Changed > before.Changed, $"{before} {synced}");

            both.Tick();
            both.Client.Store("m", PageBytes, "unmapped");
            both.Client.Succeed("unmap", "m");
            Assert.Equal("unmapped"u8, pin.ReadSegment(0).Span.Slice(PageBytes, 8));
            Assert.True(both.Client.Stat("f").Modified > synced.Modified);
        }
    }

    [MountFact]
    public void Size_times_and_blocks_changed_by_the_library_are_what_the_next_stat_says()
    {
        using Both both = new(new MountOptions());
        ClientStatus empty = both.Client.Stat("f");
        Assert.Equal((0, 0), (empty.Size, empty.Blocks));

        both.File.Write(0, new byte[3 * PageBytes]);
        ClientStatus written = both.Client.Stat("f");
        Assert.Equal((3 * PageBytes, 24), (written.Size, written.Blocks));

        both.Tick();
        both.File.Write(5, "overwrite"u8);
        ClientStatus overwritten = both.Client.Stat("f");
        Assert.True(overwritten.Modified > written.Modified && overwritten.Changed > written.Changed);

        both.File.SetLength(100 * PageBytes);
        Assert.Equal((100 * PageBytes, 24), (both.Client.Stat("f").Size, both.Client.Stat("f").Blocks));
        ClientStatus sparse = both.Client.Stat("f");
        both.Tick();
        both.File.Pin(50 * PageBytes, 8, PinAccess.Write).Dispose();
        ClientStatus pinned = both.Client.Stat("f");
        Assert.Equal(32, pinned.Blocks);
        Assert.True(pinned.Modified > sparse.Modified);

        using (View view = both.File.Map(60 * PageBytes, 4 * PageBytes, Writable))
        {
            Assert.Equal(64, both.Client.Stat("f").Blocks);
            both.Tick();
            view.WritableSpan[0] = 1;
            view.Flush();
            Assert.True(both.Client.Stat("f").Modified > pinned.Modified);
        }

        both.File.SetLength(10);
        Assert.Equal((10, 8), (both.Client.Stat("f").Size, both.Client.Stat("f").Blocks));
        both.Volume.SetAttributes("/f", new AttributeChanges { Fields = AttributeFields.Mode, Mode = 0x180 });
        Assert.Equal(0x8180, both.Client.Stat("f").Mode);
        both.Volume.CreateLink("/f", "/g");
        Assert.Equal(2, both.Client.Stat("f").LinkCount);
        both.Volume.Delete("/g");
        Assert.Equal(1, both.Client.Stat("f").LinkCount);
    }

    [MountFact]
    public void Names_made_moved_and_removed_by_the_library_are_known_at_once()
    {
        const long NoEntry = -2;
        using Both both = new(new MountOptions());
        both.Client.Succeed("mkdir", "d");
        Assert.Equal(NoEntry, both.Client.Stat("d/new").Error);
        Assert.Equal("", both.Client.Do("list", "d"));
        ClientStatus before = both.Client.Stat("d");

        both.Tick();
        both.Volume.OpenFile("/d/new", FileMode.CreateNew).Dispose();
        Assert.Equal(0, both.Client.Stat("d/new").Error);
        Assert.Equal("new", both.Client.Do("list", "d"));
        Assert.True(both.Client.Stat("d").Modified > before.Modified);

        Assert.Equal(NoEntry, both.Client.Stat("d/moved").Error);
        both.Volume.Move("/d/new", "/d/moved");
        Assert.Equal((NoEntry, 0L), (both.Client.Stat("d/new").Error, both.Client.Stat("d/moved").Error));

        both.Volume.CreateDirectory("/d/sub");
        Assert.Equal((0L, 3L), (both.Client.Stat("d/sub").Error, both.Client.Stat("d").LinkCount));
        both.Volume.DeleteDirectory("/d/sub");
        Assert.Equal((NoEntry, 2L), (both.Client.Stat("d/sub").Error, both.Client.Stat("d").LinkCount));

        both.Client.Open("kept", "d/moved");
        both.Client.Write("kept", 0, "bytes");
        both.Volume.Delete("/d/moved");
        Assert.Equal(NoEntry, both.Client.Stat("d/moved").Error);
        Assert.Equal("bytes", both.Client.Read("kept", 0, 5));
        both.Client.Close("kept");
    }

    [MountFact]
    public void Change_while_the_kernel_asks_is_not_cached_as_it_was()
    {
        using Both both = new(new MountOptions());
        for (int round = 0; round < 200; round++)
        {
            // The client asks again and again while the library writes: whatever answer came late must not stay.
            long size = round + 1;
            Thread writer = new(() => both.File.Write(round, "x"u8)) { IsBackground = true };
            writer.Start();
            _ = both.Client.Stat("f");
            Assert.True(writer.Join(TimeSpan.FromSeconds(10)));
            Assert.Equal(size, both.Client.Stat("f").Size);
        }
    }

    [MountFact]
    public void Notices_are_sent_only_for_what_the_kernel_may_have_cached()
    {
        using Both both = new(new MountOptions());
        both.File.Write(0, "once"u8);
        long told = both.Mount.Mount.GetStatistics().NotificationCount;
        for (int i = 0; i < 1000; i++)
        {
            both.File.Append("again"u8);
        }

        Assert.Equal(told, both.Mount.Mount.GetStatistics().NotificationCount);
        Assert.Equal(5004, both.Client.Stat("f").Size);
        both.File.Append("!"u8);
        Assert.Equal(5005, both.Client.Stat("f").Size);
    }

    /// <summary>A volume, its mount, a client of the mount with the file f open, and the same file open in the library.</summary>
    private sealed class Both : IDisposable
    {
        public Both(MountOptions options)
        {
            MemoryMedium medium = MemoryMedium.CreateShared(64 << 20);
            Volume.Format(medium, new FormatOptions());
            Volume = Volume.Open(medium);
            Mount = new TestMount(options, Volume);
            Client = new MountClient(Mount.Path);
            Client.Open("f", "f", 2 | 64);
            File = Volume.OpenFile("/f");
        }

        public Volume Volume { get; }

        public TestMount Mount { get; }

        public MountClient Client { get; }

        public AditFile File { get; }

        /// <summary>Lets the volume's clock move on.</summary>
        public void Tick() => Thread.Sleep(30);

        public void Dispose()
        {
            Client.Dispose();
            File.Dispose();
            Mount.Dispose();
            Volume.Dispose();
        }
    }
}
