using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Soak;

/// <summary>What the threads of a soak do; each call is one turn.</summary>
internal static class SoakRoles
{
    private const int Page = SoakStage.Page;
    private const AllocateMode Punch = AllocateMode.PunchHole | AllocateMode.KeepSize;

    private static readonly LeaseOptions Lease = new() { Purpose = "soak" };
    private static readonly ViewOptions Writable = new() { Kind = ViewKind.ReadWrite };

    /// <summary>Changes one of the pages that belong to the writer, by every way there is, after a look at what it holds.</summary>
    public static void Write(SoakStage stage, Random random, int writer, int writers)
    {
        int number = random.Next(SoakStage.ModelFiles);
        AditFile file = stage.Model[number];
        int page = (random.Next(SoakStage.ModelPages / writers) * writers) + writer;
        ref uint version = ref stage.Versions[number][page];
        long offset = (long)page * Page;
        byte[] bytes = new byte[Page];
        Assert.Equal(Page, file.Read(offset, bytes));
        Assert.True(StampedPage.Is(bytes, StampedPage.Word(number, page, version)), $"page {page} of model file {number} is not version {version}");
        uint next = version + 1;
        long word = StampedPage.Word(number, page, next);
        StampedPage.Fill(bytes, word);
        bool isDone = random.Next(7) switch
        {
            0 or 1 => stage.TryDo("write", () => file.Write(offset, bytes), isCut: false),
            2 => stage.TryDo("store by pin", () =>
            {
                using Pin pin = file.Pin(offset, Page, PinAccess.Write);
                bytes.CopyTo(pin.WritableSpan);
                if (random.Next(2) == 0)
                {
                    Assert.Equal(Errno.Success, pin.Flush());
                }
            }, isCut: false),
            3 => stage.TryDo("store by view", () =>
            {
                using View view = file.Map(offset, Page, Writable);
                bytes.CopyTo(view.WritableSpan);
                Assert.Equal(Errno.Success, view.Flush());
                Assert.False(view.IsDetached, "nobody changes this page's layout");
            }, isCut: false),
            4 => Erase(stage, file, offset, Punch, "punch", ref next),
            5 => Erase(stage, file, offset, AllocateMode.ZeroRange, "zero", ref next),
            _ => stage.TryDo("store by long pin", () =>
            {
                using LongPin pin = file.PinLong(offset, Page, PinAccess.Write, Lease);
                bytes.CopyTo(pin.WriteSegment(0).Span);
            }, isCut: false),
        };
        if (isDone)
        {
            version = next;
        }
    }

    /// <summary>Looks at pages that others change and cut off, and holds them for a moment: their blocks stay theirs meanwhile.</summary>
    public static void Look(SoakStage stage, Random random)
    {
        bool cut = random.Next(2) == 0;
        (AditFile file, int number, int pages) = cut ? (stage.Cut, SoakStage.CutFile, SoakStage.CutPages) : (stage.Model[0], 0, SoakStage.ModelPages);
        int page = random.Next(pages);
        stage.TryDo("pin", () =>
        {
            if (random.Next(3) == 0)
            {
                using LongPin pin = file.PinLong((long)page * Page, Page, PinAccess.Read, Lease);
                Thread.Sleep(random.Next(4));
                Assert.True(StampedPage.IsOwn(pin.ReadSegment(0).Span, number, page), $"page {page} of {file.Path} shows another's bytes");
                return;
            }

            int count = Math.Min(random.Next(1, 600), pages - page);
            using Pin many = file.Pin((long)page * Page, (long)count * Page);
            for (int i = 0; i < count; i += 1 + random.Next(16))
            {
                Assert.True(StampedPage.IsOwn(many.SegmentAt((long)i * Page)[..Page], number, page + i), $"page {page + i} of {file.Path} shows another's bytes");
            }
        });
    }

    /// <summary>Stores through a view of a file that is cut meanwhile; of a detached one the stores are the view's own.</summary>
    public static void StoreThroughView(SoakStage stage, Random random)
    {
        int first = random.Next(SoakStage.ViewPages - 64);
        stage.TryDo("view", () =>
        {
            using View view = stage.Viewed.Map((long)first * Page, 64 * Page, Writable);
            for (int turn = 0; turn < 200; turn++)
            {
                int page = random.Next(64);
                view.WritableRef<long>((page * Page) + (random.Next(512) * 8)) = StampedPage.Word(SoakStage.ViewFile, first + page, (uint)turn + 1);
                Assert.True(StampedPage.IsOwn(view.Slice(page * Page, Page), SoakStage.ViewFile, first + page), $"page {first + page} of a view shows another's bytes");
                if (turn % 50 == 49)
                {
                    Assert.Equal(Errno.Success, view.Flush());
                    Thread.Yield();
                }
            }
        });
    }

    /// <summary>Cuts files that others look at and store to, and lets them grow again; sometimes without waiting, sometimes giving up.</summary>
    public static void Truncate(SoakStage stage, Random random)
    {
        (AditFile file, int pages) = random.Next(4) == 0 ? (stage.Viewed, SoakStage.ViewPages) : (stage.Cut, SoakStage.CutPages);
        using CancellationTokenSource cancellation = new();
        ChangeOptions options = default;
        switch (random.Next(4))
        {
            case 0:
                options = ChangeOptions.Immediately;
                break;
            case 1:
                cancellation.CancelAfter(random.Next(1, 3));
                options = new ChangeOptions { Cancellation = cancellation.Token };
                break;
        }

        stage.TryDo("truncate", () => file.SetLength((long)random.Next(pages) * Page, options));
        stage.TryDo("grow", () => file.SetLength((long)pages * Page));
        if (file == stage.Cut)
        {
            Restamp(stage, random);
        }
    }

    /// <summary>Takes pages in the middle of a file away, or gives it unwritten ones.</summary>
    public static void ChangeBlocks(SoakStage stage, Random random)
    {
        int page = random.Next(SoakStage.CutPages - 40);
        long length = random.Next(1, 40) * Page;
        (string name, AllocateMode mode) = random.Next(3) switch
        {
            0 => ("punch", Punch),
            1 => ("zero", AllocateMode.ZeroRange | AllocateMode.KeepSize),
            _ => ("allocate", AllocateMode.KeepSize),
        };
        stage.TryDo(name, () => stage.Cut.Allocate((long)page * Page, length, mode));
        Restamp(stage, random);
    }

    /// <summary>Moves pages by collapsing and inserting, and knows in which order they are.</summary>
    public static void Move(SoakStage stage, Random random)
    {
        List<uint> order = stage.Order;
        int at = random.Next(order.Count - 1);
        switch (random.Next(3))
        {
            case 0 when order.Count > 8 && stage.TryDo("collapse", () => stage.Moved.Allocate(at * Page, Page, AllocateMode.CollapseRange)):
                order.RemoveAt(at);
                break;
            case 1 when order.Count < 32 && stage.TryDo("insert", () => stage.Moved.Allocate(at * Page, Page, AllocateMode.InsertRange)):
                order.Insert(at, 0);
                break;
            default:
                uint version = (uint)random.Next(1, int.MaxValue);
                byte[] bytes = new byte[Page];
                StampedPage.Fill(bytes, StampedPage.Word(SoakStage.MovedFile, 0, version));
                stage.Moved.Write(at * Page, bytes);
                order[at] = version;
                break;
        }

        using Pin pin = stage.Moved.Pin(at * Page, Page);
        Assert.True(StampedPage.Is(pin.Span, StampedPage.Word(SoakStage.MovedFile, 0, order[at])), $"page {at} has not moved with its index");
    }

    /// <summary>Copies from a pin of a file into the same file and another one.</summary>
    public static void Copy(SoakStage stage, Random random)
    {
        int page = random.Next(SoakStage.ModelPages);
        stage.TryDo("copy", () =>
        {
            using LongPin pin = stage.Model[0].PinLong((long)page * Page, Page, PinAccess.Read, Lease);
            using AditFile copy = stage.Volume.OpenFile("/copy", FileMode.OpenOrCreate);
            copy.Write(random.Next(64) * Page, pin.ReadSegment(0).Span);
            copy.Append(pin.ReadSegment(0).Span);
            if (copy.Length > 8 << 20)
            {
                copy.SetLength(0);
            }
        });
    }

    public static void Sync(SoakStage stage, Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                stage.Volume.Sync();
                break;
            case 1:
                stage.Volume.CheckpointNow();
                break;
            default:
                stage.All.ElementAt(random.Next(stage.All.Count())).Flush();
                break;
        }

        stage.Count("sync");
    }

    /// <summary>Has inodes and mappings leave memory, also of files that are deleted while they are pinned, below a listing.</summary>
    public static void Evict(SoakStage stage, Random random)
    {
        string path = $"/e/{random.Next(40)}";
        LongPin? pin = null;
        long word = random.NextInt64();
        using (AditFile file = stage.Volume.OpenFile(path, FileMode.OpenOrCreate))
        {
            byte[] bytes = new byte[3 * Page];
            StampedPage.Fill(bytes, word);
            file.Write(0, bytes);
            pin = random.Next(2) == 0 ? file.PinLong(0, Page, PinAccess.Write, Lease) : null;
        }

        if (random.Next(2) == 0)
        {
            stage.Volume.Delete(path);
        }

        foreach (DirectoryEntry entry in stage.Volume.Enumerate("/e"))
        {
            _ = stage.Volume.Exists("/e/" + entry.Name);
        }

        if (pin is not null)
        {
            Thread.Sleep(random.Next(3));
            Assert.True(StampedPage.Is(pin.ReadSegment(0).Span, word), "a pinned page of a deleted file has changed");
            pin.Dispose();
        }

        stage.Count("eviction");
    }

    private static bool Erase(SoakStage stage, AditFile file, long offset, AllocateMode mode, string name, ref uint version)
    {
        bool isDone = stage.TryDo(name, () => file.Allocate(offset, Page, mode));
        version = isDone ? 0 : version;
        return isDone;
    }

    /// <summary>Pages that were taken away get bytes again that say whose they are.</summary>
    private static void Restamp(SoakStage stage, Random random)
    {
        byte[] bytes = new byte[Page];
        for (int i = 0; i < 20; i++)
        {
            int page = random.Next(SoakStage.CutPages);
            StampedPage.Fill(bytes, StampedPage.Word(SoakStage.CutFile, page, (uint)random.Next(1, int.MaxValue)));
            stage.Cut.Write((long)page * Page, bytes);
        }
    }
}
