using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Files;

public sealed class AllocateTests
{
    private const int Block = 4096;

    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Allocated_blocks_read_as_zeros_until_written(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using (Volume volume = fixture.Open())
        {
            // Old bytes lie on the medium first: none may show.
            Bytes.WriteAll(volume, "/old", Bytes.Of(8 << 20, 1));
            volume.Delete("/old");
            volume.Sync();
            using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
            file.Allocate(0, 4 << 20);
            Assert.Equal(4 << 20, file.Length);
            Assert.Equal(1024, file.Attributes.BlockCount);
            file.Write(1_000_001, "x"u8);
            byte[] expected = new byte[4 << 20];
            expected[1_000_001] = (byte)'x';
            Assert.Equal(expected, Bytes.ReadAll(volume, "/f"));
            VolumeProof.Check(volume);
        }

        using Volume again = fixture.Open();
        byte[] bytes = Bytes.ReadAll(again, "/f");
        Assert.Equal(1_000_001, bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Keep_size_reserves_behind_the_end()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(0, "x"u8);
        file.Allocate(0, 10 * Block, AllocateMode.KeepSize);
        Assert.Equal(1, file.Length);
        Assert.Equal(10, file.Attributes.BlockCount);
        long free = volume.Store.FreeBlocks;
        for (int i = 1; i < 10; i++)
        {
            file.Write(i * Block, Bytes.Of(Block, i));
        }

        Assert.Equal(free, volume.Store.FreeBlocks);
        Assert.Equal(10, file.Attributes.BlockCount);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Punch_zero_collapse_and_insert_do_what_a_copy_would()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        List<byte> model = [.. Bytes.Of(40 * Block, 1)];
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(0, model.ToArray());
        Random random = new(7);
        for (int i = 0; i < 120; i++)
        {
            switch (random.Next(5))
            {
                case 0:
                    (int offset, int length) = Range(random, model.Count);
                    file.Allocate(offset, length, AllocateMode.PunchHole | AllocateMode.KeepSize);
                    Fill(model, offset, new byte[length]);
                    break;
                case 1:
                    (offset, length) = Range(random, model.Count);
                    file.Allocate(offset, length, AllocateMode.ZeroRange);
                    Fill(model, offset, new byte[length]);
                    break;
                case 2 when model.Count > 12 * Block:
                    offset = random.Next(8) * Block;
                    length = random.Next(1, 3) * Block;
                    file.Allocate(offset, length, AllocateMode.CollapseRange);
                    model.RemoveRange(offset, length);
                    break;
                case 3 when model.Count < 80 * Block:
                    offset = random.Next(8) * Block;
                    length = random.Next(1, 3) * Block;
                    file.Allocate(offset, length, AllocateMode.InsertRange);
                    model.InsertRange(offset, new byte[length]);
                    break;
                default:
                    (offset, length) = Range(random, model.Count);
                    byte[] bytes = Bytes.Of(length, i);
                    file.Write(offset, bytes);
                    Fill(model, offset, bytes);
                    break;
            }

            Assert.Equal(model.ToArray(), Bytes.ReadAll(volume, "/f"));
        }

        VolumeProof.Check(volume);
    }

    [Fact]
    public void Seek_finds_data_and_holes()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(2 * Block, Bytes.Of(Block, 1));
        file.Write(5 * Block, Bytes.Of(100, 2));
        file.Allocate(6 * Block, 2 * Block);
        Assert.Equal(2 * Block, file.Seek(0, SeekTarget.Data));
        Assert.Equal(2 * Block + 7, file.Seek(2 * Block + 7, SeekTarget.Data));
        Assert.Equal(0, file.Seek(0, SeekTarget.Hole));
        Assert.Equal(3 * Block, file.Seek(2 * Block, SeekTarget.Hole));
        Assert.Equal(5 * Block, file.Seek(3 * Block, SeekTarget.Data));
        Assert.Equal(6 * Block, file.Seek(5 * Block, SeekTarget.Hole));
        Assert.Equal(-1, file.Seek(6 * Block, SeekTarget.Data));
        Assert.Equal(Errno.ENXIO, file.Node.Seek(8 * Block, SeekTarget.Hole, out _));
    }

    [Fact]
    public void Wrong_ranges_and_modes_are_refused()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.Write(0, Bytes.Of(3 * Block, 1));
        Assert.Equal(Errno.EINVAL, file.Node.Allocate(AllocateMode.Allocate, -1, 10));
        Assert.Equal(Errno.EINVAL, file.Node.Allocate(AllocateMode.Allocate, 0, 0));
        Assert.Equal(Errno.EFBIG, file.Node.Allocate(AllocateMode.Allocate, 1L << 55, 1));
        Assert.Equal(Errno.ENOTSUP, file.Node.Allocate(AllocateMode.PunchHole, 0, 10));
        Assert.Equal(Errno.EINVAL, file.Node.Allocate(AllocateMode.CollapseRange, 1, Block));
        Assert.Equal(Errno.EINVAL, file.Node.Allocate(AllocateMode.CollapseRange, 0, 3 * Block));
        Assert.Equal(Errno.EINVAL, file.Node.Allocate(AllocateMode.InsertRange, 3 * Block, Block));
        Assert.Equal(Errno.ENOSPC, file.Node.Allocate(AllocateMode.Allocate, 0, 1L << 40));
        Assert.Equal(3 * Block, file.Length);
        VolumeProof.Check(volume);
    }

    private static (int Offset, int Length) Range(Random random, int size)
    {
        int offset = random.Next(size - 1);
        return (offset, random.Next(1, Math.Min(size - offset, 5 * Block) + 1));
    }

    private static void Fill(List<byte> model, int offset, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            model[offset + i] = bytes[i];
        }
    }
}
