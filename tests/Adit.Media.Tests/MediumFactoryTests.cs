using Adit.Interop;
using Adit.TestKit;

namespace Adit.Media.Tests;

public sealed unsafe class MediumFactoryTests
{
    private static readonly MediumOptions New = new() { CreateSizeBytes = 4 << 20 };

    [Fact]
    public void Missing_file_is_refused_with_the_command_that_makes_one()
    {
        MediumException refusal = Assert.Throws<MediumException>(() => MediumFactory.Open("/nowhere/at/all", new MediumOptions()));
        Assert.Equal(Errno.ENOENT, refusal.Errno);
        Assert.Contains("No such file or directory (ENOENT)", refusal.Message);
        Assert.Contains("adit mkfs /nowhere/at/all", refusal.Message);
    }

    [Fact]
    public void Directory_is_refused()
    {
        using TemporaryDirectory directory = new();
        Assert.Equal(Errno.EISDIR, Assert.Throws<MediumException>(() => MediumFactory.Open(directory.Path, new MediumOptions())).Errno);
        MediumException readOnly = Assert.Throws<MediumException>(() => MediumFactory.Open(directory.Path, new MediumOptions { ReadOnly = true }));
        Assert.Equal(Errno.EINVAL, readOnly.Errno);
    }

    [Fact]
    public void Other_devices_are_refused() =>
        Assert.Equal(Errno.EINVAL, Assert.Throws<MediumException>(() => MediumFactory.Open("/dev/zero", new MediumOptions())).Errno);

    [Fact]
    public void File_that_was_cut_short_is_refused()
    {
        using TemporaryDirectory directory = new();
        MediumFactory.Create(directory.File(), New).Dispose();
        using (FileStream file = File.OpenWrite(directory.File()))
        {
            file.SetLength((4 << 20) - 4096);
        }

        MediumException refusal = Assert.Throws<MediumException>(
            () => MediumFactory.Open(directory.File(), new MediumOptions { MinimumSizeBytes = 4 << 20 }));
        Assert.Equal(Errno.EUCLEAN, refusal.Errno);
        MediumFactory.Open(directory.File(), new MediumOptions { MinimumSizeBytes = (4 << 20) - 4096 }).Dispose();
    }

    [Fact]
    public void Empty_file_is_refused()
    {
        using TemporaryDirectory directory = new();
        File.WriteAllBytes(directory.File(), []);
        Assert.Equal(Errno.EUCLEAN, Assert.Throws<MediumException>(() => MediumFactory.Open(directory.File(), new MediumOptions())).Errno);
    }

    [Fact]
    public void Length_is_rounded_down_to_blocks_on_opening()
    {
        using TemporaryDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[10_000]);
        using Medium medium = MediumFactory.Open(directory.File(), new MediumOptions());
        Assert.Equal(8192, medium.LengthBytes);
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(-4096)]
    [InlineData(0)]
    public void Size_that_is_no_number_of_blocks_is_refused_and_leaves_nothing(long size)
    {
        using TemporaryDirectory directory = new();
        MediumException refusal = Assert.Throws<MediumException>(
            () => MediumFactory.Create(directory.File(), new MediumOptions { CreateSizeBytes = size }));
        Assert.Equal(Errno.EINVAL, refusal.Errno);
        Assert.False(File.Exists(directory.File()));
    }

    [Fact]
    public void Creation_refuses_what_looks_used_unless_forced()
    {
        using TemporaryDirectory directory = new();
        byte[] content = new byte[3 << 20];
        content[^100] = 1;
        File.WriteAllBytes(directory.File(), content);
        MediumException refusal = Assert.Throws<MediumException>(() => MediumFactory.Create(directory.File(), New));
        Assert.Equal(Errno.EEXIST, refusal.Errno);
        Assert.Contains("--force", refusal.Message);
        Assert.Equal(content, File.ReadAllBytes(directory.File()));

        using Medium medium = MediumFactory.Create(directory.File(), New with { Force = true });
        Assert.Equal(4 << 20, medium.LengthBytes);
        Assert.Equal(-1, medium.Span(0, 4 << 20).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Creation_takes_over_a_file_of_zeros_with_its_size()
    {
        using TemporaryDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[(1 << 20) + 5]);
        using Medium medium = MediumFactory.Create(directory.File(), new MediumOptions());
        Assert.Equal(1 << 20, medium.LengthBytes);
    }

    [Fact]
    public void Creation_that_fails_leaves_no_file()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        MediumException refusal = Assert.Throws<MediumException>(
            () => MediumFactory.Create(directory.File(), New with { Kind = MediumKind.Pmem }));
        Assert.Equal(Errno.ENOTSUP, refusal.Errno);
        Assert.Contains("MAP_SYNC", refusal.Message);
        Assert.False(File.Exists(directory.File()));
    }

    [Fact]
    public void Creation_in_a_missing_directory_says_so()
    {
        using TemporaryDirectory directory = new();
        MediumException refusal = Assert.Throws<MediumException>(() => MediumFactory.Create(directory.File("no/such"), New));
        Assert.Equal(Errno.ENOENT, refusal.Errno);
        Assert.DoesNotContain("mkfs", refusal.Message);
    }

    [Theory]
    [InlineData(MediumKind.File)]
    [InlineData(MediumKind.PmemEmulated)]
    [InlineData(MediumKind.Memory)]
    public void Start_is_aligned_for_huge_pages(MediumKind kind)
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = MediumFactory.Create(directory.File(), New with { Kind = kind });
        Assert.Equal(kind, medium.Kind);
        Assert.Equal(0, (long)medium.Start % (2 << 20));
    }

    [Theory]
    [InlineData(MediumKind.File)]
    [InlineData(MediumKind.PmemEmulated)]
    public void Read_only_stores_stay_private(MediumKind kind)
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using (Medium medium = MediumFactory.Create(directory.File(), New with { Kind = kind }))
        {
            medium.Write(0, [1, 2, 3]);
            medium.Fence();
        }

        using (Medium reader = MediumFactory.Open(directory.File(), new MediumOptions { Kind = kind, ReadOnly = true }))
        {
            Assert.True(reader.IsReadOnly);
            Assert.Equal(kind, reader.Kind);
            reader.Write(0, [9, 9, 9]);
            reader.WriteZeros(1, 1);
            reader.Start[2] = 8;
            reader.MarkStored(2, 1);
            reader.Fence();
            Assert.Equal([9, 0, 8], reader.Span(0, 3).ToArray());
        }

        Assert.Equal([1, 2, 3], File.ReadAllBytes(directory.File())[..3]);
    }

    [Fact]
    public void Ranges_outside_are_refused()
    {
        using MemoryMedium medium = new(1 << 20);
        foreach ((long offset, long length) in new[]
        {
            (-1L, 1L), (1L << 20, 1), ((1 << 20) - 1, 2), (long.MaxValue, 1), (long.MinValue, 1), (0, (1 << 20) + 1), (5, -1), (long.MaxValue, long.MaxValue),
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => medium.WriteZeros(offset, length));
            Assert.Throws<ArgumentOutOfRangeException>(() => medium.Discard(offset, length));
        }

        medium.WriteZeros(1 << 20, 0);
        medium.WriteZeros(0, 1 << 20);
    }

    [Fact]
    public void Shared_memory_is_seen_through_its_descriptor_and_discarded_memory_is_zero()
    {
        using MemoryMedium medium = MemoryMedium.CreateShared(1 << 20);
        medium.Write(4096, [5]);
        byte seen = 0;
        Assert.Equal(1, Interop.Linux.Libc.pread(medium.SharedMemory!, &seen, 1, 4096));
        Assert.Equal(5, seen);
        medium.Discard(4096, 4096);
        Assert.Equal(0, medium.Span(4096, 1)[0]);
    }
}
