using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Files;

public sealed class ReadWriteTests
{
    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Writes_of_many_shapes_read_back_also_after_reopening(string kind)
    {
        using VolumeFixture fixture = new(kind);
        byte[] expected = new byte[3 << 20];
        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
            Random random = new(1);
            for (int i = 0; i < 300; i++)
            {
                int length = random.Next(5) == 0 ? random.Next(1, 300_000) : random.Next(1, 9000);
                int offset = random.Next(expected.Length - length);
                byte[] bytes = Bytes.Of(length, i);
                bytes.CopyTo(expected, offset);
                file.Write(offset, bytes);
            }

            file.SetLength(expected.Length);
            Assert.Equal(expected, Bytes.ReadAll(volume, "/f"));
            VolumeProof.Check(volume);
        }

        using Volume again = fixture.Open();
        Assert.Equal(expected, Bytes.ReadAll(again, "/f"));
    }

    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Appends_of_all_sizes_add_up(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using MemoryStream expected = new();
        using Volume volume = fixture.Open();
        using (AditFile file = volume.OpenFile("/log", FileMode.CreateNew))
        {
            Random random = new(2);
            for (int i = 0; i < 1500; i++)
            {
                byte[] bytes = Bytes.Of(i % 3 == 0 ? 4096 : random.Next(1, 6000), i);
                Assert.Equal(expected.Length, file.Append(bytes));
                expected.Write(bytes);
            }
        }

        Assert.Equal(expected.ToArray(), Bytes.ReadAll(volume, "/log"));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void A_large_file_lies_in_whole_chunks_in_phase()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        byte[] expected = Bytes.Of(12 << 20, 3);
        using AditFile file = volume.OpenFile("/large", FileMode.CreateNew);
        for (int at = 0; at < expected.Length; at += 64 << 10)
        {
            file.Append(expected.AsSpan(at, 64 << 10));
        }

        Span<MediumSegment> segments = stackalloc MediumSegment[16];
        Assert.Equal(Errno.Success, file.Node.BeginDirectRead(0, expected.Length, segments, out int count, out int length));
        unsafe
        {
            long offset = 0;
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(0, ((long)segments[i].Start - (long)volume.Store.Medium.Start - offset) % (2 << 20));
                offset += segments[i].LengthBytes;
            }
        }

        file.Node.EndDirectRead();
        Assert.Equal(expected.Length, length);
        Assert.Equal(expected, Bytes.ReadAll(volume, "/large"));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Reads_stop_at_the_end_and_holes_read_as_zeros()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(100_000, "end"u8);
        byte[] bytes = new byte[200_000];
        Assert.Equal(100_003, file.Read(0, bytes));
        Assert.Equal(-1, bytes.AsSpan(0, 100_000).IndexOfAnyExcept((byte)0));
        Assert.Equal(0, file.Read(100_003, bytes));
        Assert.Equal(0, file.Read(long.MaxValue, bytes));
        Assert.Equal(1, file.Read(100_002, bytes));
        Assert.Equal(2, volume.GetAttributes("/f").BlockCount + 1);
    }

    [Fact]
    public void Files_beyond_4_GiB_and_sparse_to_the_limit_read_back()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        long[] offsets = [0, (1L << 32) - 3, (1L << 40) + 5, (1L << 55) - 8];
        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenFile("/huge", FileMode.CreateNew);
            foreach (long offset in offsets)
            {
                file.Write(offset, BitConverter.GetBytes(offset + 1));
            }

            Assert.Equal(1L << 55, file.Length);
            AditException tooFar = Assert.Throws<AditException>(() => file.Write(1L << 55, "x"u8));
            Assert.Equal(Errno.EFBIG, tooFar.Errno);
            Assert.Equal(Errno.EFBIG, file.Node.SetLength((1L << 55) + 1));
        }

        using Volume again = fixture.Open();
        using AditFile reopened = again.OpenFile("/huge");
        byte[] word = new byte[8];
        foreach (long offset in offsets)
        {
            Assert.Equal(8, reopened.Read(offset, word));
            Assert.Equal(offset + 1, BitConverter.ToInt64(word));
        }

        VolumeProof.Check(again);
    }

    [Fact]
    public void Bytes_behind_a_shrunk_end_are_not_seen_again()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(0, Bytes.Of(10_000, 4));
        file.SetLength(5000);
        file.SetLength(10_000);
        byte[] bytes = new byte[5000];
        Assert.Equal(5000, file.Read(5000, bytes));
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));

        file.SetLength(5000);
        file.Write(9000, "x"u8);
        Assert.Equal(4001, file.Read(5000, bytes));
        Assert.Equal(4000, bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Reads_overwrites_and_appends_allocate_nothing()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        byte[] block = Bytes.Of(4096, 5);
        for (int i = 0; i < 1000; i++)
        {
            Touch(volume, file, block, i);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1000; i < 2000; i++)
        {
            Touch(volume, file, block, i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Touch(Volume volume, AditFile file, byte[] block, int i)
    {
        file.Append(block);
        file.Write((long)(i / 2) * 4096, block);
        file.Read((long)(i / 3) * 4096, block);
        if (volume.Lookup(Format.InodeNumber.Root, "f"u8, out NodeAttributes attributes) == Errno.Success)
        {
            volume.Forget(attributes.Inode, 1);
        }
    }

    [Fact]
    public void Two_handles_of_a_file_see_the_same_bytes()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile one = volume.OpenFile("/f", FileMode.CreateNew);
        using AditFile two = volume.OpenFile("/f");
        one.Write(0, "first"u8);
        byte[] bytes = new byte[5];
        Assert.Equal(5, two.Read(0, bytes));
        Assert.Equal("first"u8.ToArray(), bytes);
        two.SetLength(2);
        Assert.Equal(2, one.Length);
    }

    [Fact]
    public void A_handle_refuses_what_it_was_not_opened_for()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", [1, 2, 3]);
        using AditFile reading = volume.OpenFile("/f", FileMode.Open, FileAccess.Read);
        using AditFile writing = volume.OpenFile("/f", FileMode.Open, FileAccess.Write);
        Assert.Equal(Errno.EBADF, reading.Node.Write(0, "x"u8, out _));
        Assert.Equal(Errno.EBADF, reading.Node.Append("x"u8, out _, out _));
        Assert.Equal(Errno.EBADF, writing.Node.Read(0, new byte[1], out _));
        Assert.Equal(Errno.EINVAL, reading.Node.SetLength(0));
        Assert.Equal(Errno.EINVAL, writing.Node.Write(-1, "x"u8, out _));
        reading.Dispose();
        reading.Dispose();
        Assert.Equal(Errno.EBADF, reading.Node.Read(0, new byte[1], out _));
        Assert.Equal(Errno.EBADF, reading.Node.Sync(false));
    }

    [Fact]
    public void A_stream_over_a_file_behaves_like_one()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        byte[] expected = Bytes.Of(50_000, 6);
        using (Stream stream = volume.OpenFile("/f", FileMode.CreateNew).AsStream())
        {
            new MemoryStream(expected).CopyTo(stream);
            stream.Position = 0;
            using MemoryStream copy = new();
            stream.CopyTo(copy);
            Assert.Equal(expected, copy.ToArray());
            Assert.Equal(49_990, stream.Seek(-10, SeekOrigin.End));
            stream.SetLength(10);
        }

        Assert.Equal(10, volume.GetAttributes("/f").SizeBytes);
    }
}
