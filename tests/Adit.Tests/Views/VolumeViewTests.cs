using Adit.Dax.Mappings;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit;

namespace Adit.Tests.Views;

/// <summary>Views of files of a volume.</summary>
public sealed class VolumeViewTests : IDisposable
{
    private const int Page = 4096;

    private readonly MemoryMedium _medium = MemoryMedium.CreateShared(64 << 20);
    private readonly Volume _volume;

    public VolumeViewTests()
    {
        Volume.Format(_medium, new FormatOptions { Label = "test" });
        _volume = Open();
    }

    [Fact]
    public void View_and_file_are_the_same_bytes()
    {
        byte[] content = Bytes.Of(300_000, seed: 1);
        Bytes.WriteAll(_volume, "/f", content);
        using AditFile file = _volume.OpenFile("/f", FileMode.Open);
        using View view = file.Map(0, file.Length, Writable);
        Assert.Equal(content, view.Span);
        Bytes.Of(1000, seed: 2).CopyTo(view.WritableSlice(200_000, 1000));
        file.Write(100, "written"u8);
        Assert.Equal("written"u8, view.Slice(100, 7));
        byte[] read = new byte[1000];
        Assert.Equal(1000, file.Read(200_000, read));
        Assert.Equal(Bytes.Of(1000, seed: 2), read);
    }

    [Theory]
    [InlineData(MediumKind.File)]
    [InlineData(MediumKind.PmemEmulated)]
    public void Flushed_stores_are_there_when_the_process_died(MediumKind kind)
    {
        using TemporaryDirectory folder = new();
        string path = folder.File("pool.adit");
        Volume.Format(path, new CreateOptions { SizeBytes = 32 << 20, Kind = kind });
        Volume volume = Volume.Open(path);
        AditFile file = volume.OpenFile("/f", FileMode.Create);
        file.SetLength(100 * Page);
        View view = file.Map(0, 100 * Page, Writable);
        byte[] content = Bytes.Of(100 * Page, seed: 3);
        content.CopyTo(view.WritableSpan);
        Assert.Equal(Errno.Success, view.Flush());

        // The medium stays open while a view shows it.
        view.Dispose();
        volume.Abandon();
        using Volume again = Volume.Open(path);
        Assert.Equal(content, Bytes.ReadAll(again, "/f"));
        VolumeProof.Check(again);
    }

    [Fact]
    public void Writable_view_of_a_hole_has_blocks_and_no_room_is_an_error_of_the_map()
    {
        using AditFile file = _volume.OpenFile("/f", FileMode.Create);
        file.SetLength(1L << 30);
        AditException refusal = Assert.Throws<AditException>(() => file.Map(0, 1L << 30, Writable));
        Assert.Equal(Errno.ENOSPC, refusal.Errno);
        file.SetLength(0);
        file.SetLength(1L << 30);
        using View view = file.Map(5 * Page, 10 * Page, Writable);
        view.WritableSpan.Fill(1);
        Assert.Equal(5 * Page, file.Seek(0, SeekTarget.Data));
        Assert.Equal(15 * Page, file.Seek(5 * Page, SeekTarget.Hole));
    }

    [Fact]
    public void Cut_file_leaves_the_view_its_old_bytes_and_gives_its_blocks_to_others()
    {
        using AditFile file = _volume.OpenFile("/f", FileMode.Create);
        byte[] content = Bytes.Of(40 * Page, seed: 4);
        file.Write(0, content);
        using View view = file.Map(0, 40 * Page, Writable);
        file.SetLength(0);
        Bytes.WriteAll(_volume, "/next", new byte[20 << 20]);
        Assert.True(view.IsDetached);
        Assert.Equal(content, view.Span);
        view.WritableSpan.Fill(9);
        Assert.False(Bytes.ReadAll(_volume, "/next").AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Unlinked_and_closed_file_keeps_its_blocks_until_its_view_ends()
    {
        byte[] content = Bytes.Of(40 * Page, seed: 5);
        AditFile file = _volume.OpenFile("/f", FileMode.Create);
        file.Write(0, content);
        View view = file.Map(0, 40 * Page, Writable);
        _volume.Delete("/f");
        file.Dispose();
        Bytes.WriteAll(_volume, "/next", new byte[20 << 20]);
        Assert.Equal(content, view.Span);
        view.WritableSpan.Fill(9);
        Assert.False(Bytes.ReadAll(_volume, "/next").AsSpan().ContainsAnyExcept((byte)0));
        view.Dispose();
        VolumeProof.Check(_volume);
    }

    [Theory]
    [InlineData("set the length")]
    [InlineData("write")]
    [InlineData("append")]
    [InlineData("allocate")]
    [InlineData("insert")]
    public unsafe void Bytes_stored_behind_the_end_are_zeros_when_the_file_grows(string growth)
    {
        const int Size = (3 * Page) + 100;
        using AditFile file = _volume.OpenFile("/f", FileMode.Create);
        file.Write(0, Bytes.Of(Size, seed: 7));
        using (View view = file.Map(0, Size, Writable))
        {
            // The hardware lets a store reach the end of the page.
            new Span<byte>(view.DangerousStart + Size, Page - 100).Fill(0xEE);
            Assert.Equal(Errno.Success, view.Flush());
        }

        switch (growth)
        {
            case "set the length":
                file.SetLength(5 * Page);
                break;
            case "write":
                file.Write(5 * Page, "x"u8);
                break;
            case "append":
                file.Append("x"u8);
                file.SetLength(5 * Page);
                break;
            case "allocate":
                file.Allocate(0, 5 * Page);
                break;
            default:
                file.Allocate(0, Page, AllocateMode.InsertRange);
                file.SetLength(6 * Page);
                break;
        }

        int end = Size + (growth == "insert" ? Page : growth == "append" ? 1 : 0);
        byte[] grown = new byte[Page - 200];
        Assert.Equal(grown.Length, file.Read(end, grown));
        Assert.False(grown.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Store_and_flush_move_the_modification_time_each_time()
    {
        using AditFile file = _volume.OpenFile("/f", FileMode.Create);
        file.SetLength(10 * Page);
        using View view = file.Map(0, 10 * Page, Writable);
        Assert.Equal(Errno.Success, view.Flush());
        for (int round = 0; round < 3; round++)
        {
            Timestamp before = file.Attributes.ModifyTime;
            Thread.Sleep(20);
            view.WritableSpan[Page] = (byte)round;
            Assert.Equal(Errno.Success, view.Flush());
            Assert.NotEqual(before, file.Attributes.ModifyTime);
        }
    }

    [Fact]
    public void Read_only_volume_has_reading_and_private_views()
    {
        using TemporaryDirectory folder = new();
        string path = folder.File("pool.adit");
        byte[] content = Bytes.Of(10 * Page, seed: 6);
        Volume.Format(path, new CreateOptions { SizeBytes = 32 << 20 });
        using (Volume volume = Volume.Open(path))
        {
            Bytes.WriteAll(volume, "/f", content);
        }

        using Volume readOnly = Volume.Open(path, new VolumeOptions { ReadOnly = true });
        using AditFile file = readOnly.OpenFile("/f", FileMode.Open, FileAccess.Read);
        using View view = file.Map(0, file.Length);
        Assert.Equal(content, view.Span);
        using View own = file.Map(0, file.Length, new ViewOptions { Kind = ViewKind.Private });
        own.WritableSpan.Fill(1);
        Assert.Equal(content, view.Span);
        Assert.Throws<AditException>(() => file.Map(0, Page, Writable));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Views_show_what_reads_give_through_random_changes(int seed) => ChangeAtRandom(seed);

    [Fact]
    [Trait("Tier", "long")]
    public void Views_show_what_reads_give_through_many_random_changes()
    {
        for (int seed = 1000; seed < 1100; seed++)
        {
            ChangeAtRandom(seed);
        }
    }

    public void Dispose()
    {
        _volume.Dispose();
        _medium.Dispose();
    }

    private void ChangeAtRandom(int seed)
    {
        const int Size = 64 * Page;
        Random random = new(seed);
        using AditFile file = _volume.OpenFile($"/f{seed}", FileMode.Create);
        file.Write(0, Bytes.Of(Size / 2, seed));
        View follower = file.Map(0, Size);
        View? writer = null;
        for (int step = 0; step < 250; step++)
        {
            Change(file, random, ref writer);
            byte[] expected = new byte[Size];
            file.Read(0, expected);
            for (int page = 0; page < Size; page += Page)
            {
                // Behind its end the last page may hold anything.
                int length = (int)Math.Clamp(file.Length - page, 0, Page);
                length = length == 0 ? Page : length;
                Assert.True(
                    follower.Slice(page, length).SequenceEqual(expected.AsSpan(page, length)), $"seed {seed}, step {step}: page {page / Page} differs");
            }
        }

        writer?.Dispose();
        file.Flush();
        Assert.False(follower.IsDetached);
        follower.Dispose();
        VolumeProof.Check(_volume);
    }

    private static ViewOptions Writable => new() { Kind = ViewKind.ReadWrite };

    private static void Change(AditFile file, Random random, ref View? writer)
    {
        const int Limit = 60 * Page;
        long offset = random.Next(Limit);
        int length = 1 + random.Next(Math.Min(10 * Page, Limit - (int)offset));
        long first = offset & ~(Page - 1L);
        long count = (length + Page - 1L) & ~(Page - 1L);
        switch (random.Next(12))
        {
            case 0 or 1 or 2:
                file.Write(offset, Bytes.Of(length, random.Next()));
                break;
            case 3:
                file.SetLength(offset);
                break;
            case 4:
                file.Allocate(offset, length, AllocateMode.PunchHole | AllocateMode.KeepSize);
                break;
            case 5:
                file.Allocate(offset, length, AllocateMode.ZeroRange);
                break;
            case 6:
                file.Allocate(offset, length);
                break;
            case 7 when first + count < file.Length:
                file.Allocate(first, count, AllocateMode.CollapseRange);
                break;
            case 8 when first < file.Length && file.Length + count <= Limit:
                file.Allocate(first, count, AllocateMode.InsertRange);
                break;
            case 9 when writer is null && offset + length <= file.Length:
                writer = file.Map(offset, length, Writable);
                break;
            case 10 when writer is not null && !writer.IsDetached:
                random.NextBytes(writer.WritableSpan);
                break;
            default:
                writer?.Dispose();
                writer = null;
                break;
        }
    }

    private Volume Open() => Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true, LeaseTime = TimeSpan.FromMilliseconds(1) });
}
