using Adit.Interop;
using Adit.Interop.Linux;
using Adit.TestKit;

namespace Adit.Media.Tests;

public sealed unsafe class FileMediumTests
{
    private const long Size = 8 << 20;

    [Fact]
    public void Fenced_bytes_are_there_after_reopening()
    {
        using TemporaryDirectory directory = new();
        byte[] bytes = RandomBytes(10_000);
        using (Medium medium = Create(directory))
        {
            medium.Write(4000, bytes);
            medium.Start[5 << 20] = 77;
            medium.MarkStored(5 << 20, 1);
            medium.WriteZeros(4000, 10);
            medium.Fence();
        }

        using Medium again = MediumFactory.Open(directory.File(), new MediumOptions());
        Assert.Equal(MediumKind.File, again.Kind);
        Assert.Equal(Size, again.LengthBytes);
        Assert.Equal(new byte[10], again.Span(4000, 10).ToArray());
        Assert.Equal(bytes[10..], again.Span(4010, 9_990).ToArray());
        Assert.Equal(77, again.Start[5 << 20]);
    }

    [DiskTheory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(30)]
    [InlineData(2000)]
    public void Fence_writes_back_the_marked_pages_and_no_others(int runCount)
    {
        using TemporaryDirectory directory = new(DiskTheoryAttribute.Directory);
        using Medium medium = Create(directory, 64 << 20);

        // Without reading ahead the page cache comes in single pages, and what is dirty can be counted.
        Assert.Equal(0, Libc.madvise(medium.Start, 64 << 20, Libc.MADV_RANDOM));
        for (int i = 0; i < runCount; i++)
        {
            medium.Write(i * 3L * 4096, [1]);
        }

        // Nobody marks this page: it is none of the fence's business.
        medium.Start[(runCount * 3L) << 12] = 1;
        Assert.Equal((runCount + 1) * 4, DirtyKiB(medium));
        medium.Fence();
        Assert.Equal(4, DirtyKiB(medium));
    }

    [Fact]
    public void Reserve_takes_room_on_the_host_and_discard_gives_it_back()
    {
        using TemporaryDirectory directory = new();
        using Medium medium = Create(directory, 64 << 20);
        Assert.Equal(0UL, Blocks(directory));
        Assert.Equal(Errno.Success, medium.Reserve(10 << 20, 1));
        Assert.InRange(Blocks(directory), 4096UL, 4200UL);
        medium.Write(10 << 20, [9]);
        Assert.Equal(Errno.Success, medium.Reserve(10 << 20, 4096));
        Assert.Equal(9, medium.Start[10 << 20]);
        medium.Discard(10 << 20, 2 << 20);
        Assert.Equal(0UL, Blocks(directory));
        Assert.Equal(0, medium.Start[10 << 20]);
        Assert.Equal(Errno.Success, medium.Reserve(10 << 20, 1));
        Assert.InRange(Blocks(directory), 4096UL, 4200UL);
    }

    [Fact]
    public void Discard_of_less_than_a_page_changes_nothing()
    {
        using TemporaryDirectory directory = new();
        using Medium medium = Create(directory);
        medium.Write(0, RandomBytes(8192));
        byte[] before = medium.Span(0, 8192).ToArray();
        medium.Discard(1, 8190);
        Assert.Equal(before, medium.Span(0, 8192).ToArray());
    }

    [RootFact]
    public void Full_host_is_an_error_code_and_not_a_signal()
    {
        using TemporaryDirectory directory = new();
        Assert.Equal(0, Libc.mount("tmpfs", directory.Path, "tmpfs", 0, "size=5m"));
        try
        {
            using Medium medium = Create(directory, 64 << 20);
            Assert.Equal(Errno.Success, medium.Reserve(0, 4 << 20));
            Assert.Equal(Errno.ENOSPC, medium.Reserve(4 << 20, 2 << 20));
            MediumException refusal = Assert.Throws<MediumException>(() => medium.Write(20 << 20, [1]));
            Assert.Equal(Errno.ENOSPC, refusal.Errno);

            // Room that comes back is found, and what was reserved before is still there.
            medium.Write(3 << 20, [1]);
            medium.Discard(0, 2 << 20);
            Assert.Equal(Errno.Success, medium.Reserve(4 << 20, 2 << 20));
        }
        finally
        {
            Assert.Equal(0, Libc.umount2(directory.Path, Libc.MNT_DETACH));
        }
    }

    [Fact]
    public void Failed_fence_poisons_the_medium()
    {
        using TemporaryDirectory directory = new();
        using Medium medium = Create(directory);
        medium.Write(0, [1]);
        medium.Fence();
        medium.Write(4096, [1]);

        // A hole in the mapping makes msync fail, once.
        Assert.Equal(0, Libc.munmap(medium.Start + 4096, 4096));
        MediumException first = Assert.Throws<MediumException>(medium.Fence);
        Assert.Equal(Errno.ENOMEM, first.Errno);
        Assert.Contains(directory.File(), first.Message);
        MediumException second = Assert.Throws<MediumException>(medium.Fence);
        Assert.Equal(first.Message, second.Message);
        Assert.Same(first, second.InnerException);
        Assert.Throws<MediumException>(() => medium.Write(0, [1]));
        Assert.Equal(1, medium.Span(0, 1)[0]);
    }

    [Fact]
    public void Concurrent_writes_and_fences_all_reach_the_file()
    {
        using TemporaryDirectory directory = new();
        using (Medium medium = Create(directory))
        {
            Crowd.Run(4, id =>
            {
                for (int i = 0; i < 20; i++)
                {
                    medium.Write((id * 1000) + (i * 8192), [(byte)(id + 1)]);
                    medium.Fence();
                }
            });
        }

        byte[] file = File.ReadAllBytes(directory.File());
        for (int id = 0; id < 4; id++)
        {
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(id + 1, file[(id * 1000) + (i * 8192)]);
            }
        }
    }

    [Fact]
    public void Writing_marking_and_fencing_allocate_nothing()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = Create(directory);
        byte[] bytes = RandomBytes(4096);
        long allocated = 0;
        for (int i = 0; i < 100; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            medium.Write(i * 8192, bytes);
            medium.MarkStored(i * 8192, 4096);
            medium.Fence();
            medium.Reserve(0, Size);
            allocated = i < 10 ? 0 : allocated + GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static Medium Create(TemporaryDirectory directory, long size = Size) =>
        MediumFactory.Create(directory.File(), new MediumOptions { Kind = MediumKind.File, CreateSizeBytes = size });

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    /// <summary>How much of the mapping the kernel holds for changed and not yet written.</summary>
    private static long DirtyKiB(Medium medium)
    {
        long dirty = 0;
        bool isInside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].Contains('-'))
            {
                isInside = words[0].StartsWith($"{(long)medium.Start:x}-");
            }
            else if (isInside && words[0] is ("Shared_Dirty:" or "Private_Dirty:"))
            {
                dirty += long.Parse(words[1]);
            }
        }

        return dirty;
    }

    private static ulong Blocks(TemporaryDirectory directory)
    {
        Assert.Equal(Errno.Success, Libc.Stat(directory.File(), out StatxBuffer attributes));
        return attributes.stx_blocks;
    }
}
