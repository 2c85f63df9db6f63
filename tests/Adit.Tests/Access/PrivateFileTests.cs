using Adit.Access;
using Adit.Checking;
using Adit.Dax.Pins;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Checking;
using Adit.Metadata.Trees;
using Adit.Nodes;
using Adit.TestKit;
using Adit.TestKit.Threads;

namespace Adit.Tests.Access;

/// <summary>Files that are not accessed directly: what is written gets a checksum, and every read is verified.</summary>
public sealed class PrivateFileTests : IDisposable
{
    private const int Block = 4096;
    private static readonly VolumeOptions Private = new() { Dax = DaxMode.Never, LeaveMediumOpen = true };

    private readonly MemoryMedium _medium = new(64 << 20);

    public PrivateFileTests()
    {
        // What a block held before it was given out must never be seen, and never be taken for the file's.
        byte[] old = new byte[1 << 20];
        old.AsSpan().Fill(0xEE);
        for (long at = 0; at < _medium.LengthBytes; at += old.Length)
        {
            _medium.Write(at, old);
        }

        Volume.Format(_medium, new FormatOptions());
    }

    public void Dispose() => _medium.Dispose();

    [Fact]
    public void Bad_block_ends_a_read_before_it_and_is_named()
    {
        byte[] content = Bytes.Of((6 * Block) + 100, 1);
        using Volume volume = Volume.Open(_medium, Private);
        Bytes.WriteAll(volume, "/f", content);
        using AditFile file = volume.OpenFile("/f");
        Damage.FlipBit(_medium, volume, "/f", fileBlock: 3, at: 7);
        byte[] bytes = new byte[content.Length];

        Assert.Equal((3 * Block) - 50, file.Read(50, bytes));
        Assert.Equal(content[50..(3 * Block)], bytes[..((3 * Block) - 50)]);
        DataChecksumException bad = Assert.Throws<DataChecksumException>(() => file.Read((3 * Block) + 20, bytes));
        Assert.Equal((Errno.EIO, 3L * Block, Block), (bad.Errno, bad.OffsetBytes, bad.LengthBytes));
        Assert.Contains("/f: bytes 12288 to 16383", bad.Message, StringComparison.Ordinal);
        Assert.Equal(content.Length - (4 * Block), file.Read(4 * Block, bytes));
        Assert.Equal(content[(4 * Block)..], bytes[..(content.Length - (4 * Block))]);

        MediumSegment[] segments = new MediumSegment[4];
        Assert.Equal(Errno.EIO, file.Node.BeginDirectRead(0, content.Length, segments, out _, out _));
        Assert.Equal(Errno.Success, file.Node.BeginDirectRead(0, 3 * Block, segments, out _, out int verified));
        file.Node.EndDirectRead();
        Assert.Equal(3 * Block, verified);
        Assert.True(volume.GetInformation().ChecksumErrors >= 3);
    }

    /// <summary>The read that ended before the block said nothing of it; what fails afterwards fails for another reason.</summary>
    [Theory]
    [InlineData("/f")]
    [InlineData("/other")]
    public void Bad_block_is_not_blamed_for_a_later_failure(string path)
    {
        using Volume volume = Volume.Open(_medium, Private);
        Bytes.WriteAll(volume, "/f", Bytes.Of(3 * Block, 1));
        Bytes.WriteAll(volume, "/other", Bytes.Of(3 * Block, 1));
        using AditFile damaged = volume.OpenFile("/f");
        using AditFile file = volume.OpenFile(path, FileMode.Open);
        Damage.FlipBit(_medium, volume, "/f", fileBlock: 1, at: 0);
        Assert.Equal(Block, damaged.Read(0, new byte[2 * Block]));
        if (path == "/other")
        {
            Assert.Equal(Errno.EIO, damaged.Node.Read(Block, new byte[1], out _));
        }

        volume.Context.Store.KeepFailure(new IOException("the medium fails"));
        AditException failure = Assert.ThrowsAny<AditException>(() => file.Write(0, [1]));
        Assert.Equal(Errno.EIO, failure.Errno);
        Assert.IsNotType<DataChecksumException>(failure);
    }

    [Fact]
    public void Bad_block_is_not_made_good_by_writing_a_part_of_it_but_by_all_of_it()
    {
        using Volume volume = Volume.Open(_medium, Private);
        Bytes.WriteAll(volume, "/f", Bytes.Of(3 * Block, 1));
        using AditFile file = volume.OpenFile("/f");
        Damage.FlipBit(_medium, volume, "/f", fileBlock: 1, at: 0);

        Assert.Throws<DataChecksumException>(() => file.Write(Block + 10, [1, 2, 3]));
        Assert.Throws<DataChecksumException>(() => file.Write(10, new byte[Block]));
        Assert.Throws<DataChecksumException>(() => file.Allocate(Block + 5, 20, AllocateMode.PunchHole | AllocateMode.KeepSize));
        Assert.Throws<DataChecksumException>(() => file.Read(Block, new byte[1]));
        file.Write(Block, Bytes.Of(Block, 2));
        Assert.Equal(Bytes.Of(Block, 2), Bytes.ReadAll(volume, "/f")[Block..(2 * Block)]);
    }

    [Fact]
    public void Checker_names_bad_bytes_and_counts_what_it_compared()
    {
        ulong inode;
        using (Volume volume = Volume.Open(_medium, Private))
        {
            Bytes.WriteAll(volume, "/f", Bytes.Of(100 * Block, 1));
            Bytes.WriteAll(volume, "/g", Bytes.Of(10, 1));
            inode = volume.GetAttributes("/f").Inode.Value;
        }

        CheckReport sound = VolumeChecker.Check(_medium);
        Assert.True(sound.IsSound, string.Join('\n', sound.Findings));
        Assert.Equal(101, sound.VerifiedBlocks);
        Assert.Equal(0, VolumeChecker.Check(_medium, new CheckOptions { ReadsData = false }).VerifiedBlocks);
        using (Volume volume = Volume.Open(_medium, Private))
        {
            Damage.FlipBit(_medium, volume, "/f", fileBlock: 70, at: 4095);
        }

        CheckReport damaged = VolumeChecker.Check(_medium);
        Finding finding = Assert.Single(damaged.Findings);
        Assert.Equal(FindingKind.DataChecksum, finding.Kind);
        Assert.Contains($"inode {inode}, bytes {70 * Block} to {(71 * Block) - 1}", finding.Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_change_leaves_bytes_that_their_checksums_prove(int seed)
    {
        Random random = new(seed);
        byte[] expected = [];
        using (Volume volume = Volume.Open(_medium, Private))
        {
            using AditFile file = volume.OpenFile("/f", FileMode.Create);
            for (int step = 0; step < 250; step++)
            {
                int offset = random.Next(expected.Length + 20_000);
                int length = random.Next(1, random.Next(4) == 0 ? 300_000 : 9000);
                Change(file, ref expected, random.Next(12), offset, length, step);
                Assert.Equal(expected.Length, file.Length);
                byte[] bytes = new byte[expected.Length];
                Assert.Equal(bytes.Length, file.Read(0, bytes));
                Assert.True(expected.AsSpan().SequenceEqual(bytes), $"seed {seed}, step {step}: differs at {expected.AsSpan().CommonPrefixLength(bytes)}");
            }

            Assert.True(volume.GetDaxStatus("/f").KeepsChecksums);
            VolumeProof.Check(volume);
        }

        CheckReport report = VolumeChecker.Check(_medium);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.True(report.VerifiedBlocks > 0, "inconclusive: nothing has a checksum");
        using Volume again = Volume.Open(_medium, Private);
        Assert.Equal(expected, Bytes.ReadAll(again, "/f"));
    }

    [Fact]
    public void File_that_was_written_directly_gets_checksums_where_it_is_written_from_then_on()
    {
        using Volume volume = Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true });
        Bytes.WriteAll(volume, "/f", Bytes.Of(10 * Block, 1));
        volume.SetFlags("/f", FileFlags.None, FileFlags.DirectAccess);
        using AditFile file = volume.OpenFile("/f");
        Assert.False(file.DaxStatus.KeepsChecksums);
        file.Write(5 * Block, Bytes.Of(Block, 2));
        Assert.True(file.DaxStatus.KeepsChecksums);

        Damage.FlipBit(_medium, volume, "/f", fileBlock: 2, at: 1);
        Assert.Equal(Block, file.Read(2 * Block, new byte[Block]));
        Damage.FlipBit(_medium, volume, "/f", fileBlock: 5, at: 1);
        Assert.Throws<DataChecksumException>(() => file.Read(5 * Block, new byte[Block]));
    }

    [Fact]
    public void Checksums_end_when_a_file_is_accessed_directly_and_none_of_them_counts_again()
    {
        byte[] content = Bytes.Of(200 * Block, 1);
        using Volume volume = Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true });
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess);
        Bytes.WriteAll(volume, "/d/f", content);
        Assert.Equal(4, ChecksumRecords(volume, "/d/f"));
        for (int i = 0; i < 6; i++)
        {
            volume.SetFlags("/d/f", FileFlags.DirectAccess);
            using (AditFile direct = volume.OpenFile("/d/f"))
            {
                Assert.False(direct.DaxStatus.KeepsChecksums);
                direct.Write(i * 30L * Block, Bytes.Of(100, i));
                Bytes.Of(100, i).CopyTo(content, i * 30 * Block);
                using Pin pin = direct.Pin((i + 50L) * Block, 8, PinAccess.Write);
                pin.WritableSpan.Fill((byte)i);
                content.AsSpan((i + 50) * Block, 8).Fill((byte)i);
            }

            volume.SetFlags("/d/f", FileFlags.None, FileFlags.DirectAccess);
            using AditFile file = volume.OpenFile("/d/f");
            Assert.Equal(content, Bytes.ReadAll(volume, "/d/f"));
            file.Write((199 - i) * Block, Bytes.Of(50, i));
            Bytes.Of(50, i).CopyTo(content, (199 - i) * Block);
            Assert.Equal(content, Bytes.ReadAll(volume, "/d/f"));
        }

        VolumeProof.Check(volume);
        volume.Sync();
        CheckReport report = VolumeChecker.Check(volume.Store);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        volume.Delete("/d/f");
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Frozen_volume_opens_a_file_in_the_state_that_needs_no_record()
    {
        using Volume volume = Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true });
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess);
        Bytes.WriteAll(volume, "/d/f", Bytes.Of(5000, 1));
        volume.SetFlags("/d/f", FileFlags.DirectAccess);
        volume.Freeze();
        using (AditFile frozen = volume.OpenFile("/d/f", FileMode.Open, FileAccess.Read))
        {
            Assert.False(frozen.Node.IsDirect);
            Assert.Equal(5000, frozen.Read(0, new byte[5000]));
        }

        volume.Thaw();
        using AditFile thawed = volume.OpenFile("/d/f");
        Assert.True(thawed.Node.IsDirect);
        Assert.False(thawed.DaxStatus.KeepsChecksums);
    }

    [Fact]
    public void File_whose_state_was_changed_as_often_as_can_be_counted_stays_private()
    {
        using Volume volume = Volume.Open(_medium, new VolumeOptions { LeaveMediumOpen = true, InodeCacheCount = 0 });
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess);
        volume.OpenFile("/d/f", FileMode.Create).Dispose();
        InodeNumber inode = volume.GetAttributes("/d/f").Inode;
        Assert.Equal(Errno.Success, volume.Store.Begin(out Metadata.Transactions.Transaction transaction));
        Assert.True(transaction.TryGet(InodeRecord.Key(inode), out ReadOnlySpan<byte> value) && InodeRecord.TryRead(value, out _));
        InodeRecord.TryRead(value, out InodeRecord record);
        record.ChecksumEpoch = uint.MaxValue;
        transaction.Put(InodeRecord.Key(inode), record.AsBytes());
        transaction.Commit();

        volume.SetFlags("/d/f", FileFlags.DirectAccess);
        using AditFile file = volume.OpenFile("/d/f");
        Assert.Equal(DaxState.Private, file.DaxStatus.State);
        Assert.Contains("as often as can be counted", file.DaxStatus.Reason, StringComparison.Ordinal);
        file.Write(0, Bytes.Of(5000, 1));
        Assert.Equal(Bytes.Of(5000, 1), Bytes.ReadAll(volume, "/d/f"));
    }

    [Fact]
    public void Checksums_go_with_what_is_cut_and_with_the_file()
    {
        using Volume volume = Volume.Open(_medium, Private);
        using (AditFile file = volume.OpenFile("/f", FileMode.Create))
        {
            // A record of checksums each, more than one transaction deletes.
            for (int i = 0; i < 150; i++)
            {
                file.Write(i * 64L * Block, [1]);
            }

            Assert.Equal(150, ChecksumRecords(volume, "/f"));
            file.SetLength(100L * 64 * Block);
            Assert.Equal(100, ChecksumRecords(volume, "/f"));
            VolumeProof.Check(volume);
            Assert.Equal(Errno.ENOTSUP, file.Node.Allocate(AllocateMode.CollapseRange, 0, 64 * Block));
            file.SetLength(15L * 64 * Block);
            file.Allocate(0, 65 * Block, AllocateMode.CollapseRange);
            byte[] one = new byte[1];
            Assert.Equal(1, file.Read(((2 * 64) - 65) * Block, one));
            Assert.Equal(1, one[0]);
        }

        volume.Delete("/f");
        VolumeProof.Check(volume);
        using TreeReader tree = volume.Store.Read();
        TreeKey next = new(16, 0);
        while (tree.TryGetAtOrAbove(next, out TreeKey found, out _) && found.High < TreeKey.ReverseMapSpace)
        {
            Assert.NotEqual(RecordKind.DataChecksum, found.Kind);
            next = found.Next();
        }
    }

    [Fact]
    public void Full_volume_refuses_an_overwrite_and_has_the_old_bytes()
    {
        using Volume volume = Volume.Open(_medium, Private);
        Bytes.WriteAll(volume, "/kept", Bytes.Of(40 * Block, 1));
        using (AditFile big = volume.OpenFile("/big", FileMode.Create))
        {
            byte[] piece = Bytes.Of(256 << 10, 2);
            while (big.Node.Write(big.Length, piece, out int written) == Errno.Success)
            {
                Assert.Equal(piece.Length, written);
            }
        }

        using AditFile file = volume.OpenFile("/kept");
        byte[] expected = Bytes.Of(40 * Block, 1);
        Errno outcome = Errno.Success;
        for (int i = 0; i < 50 && outcome == Errno.Success; i++)
        {
            byte[] piece = Bytes.Of(40 * Block, 10 + i);
            outcome = file.Node.Write(0, piece, out int written);
            piece.AsSpan(0, written).CopyTo(expected);
        }

        Assert.Equal(Errno.ENOSPC, outcome);
        Assert.Equal(expected, Bytes.ReadAll(volume, "/kept"));
        VolumeProof.Check(volume);
        volume.Delete("/big");
        file.Write(0, Bytes.Of(40 * Block, 3));
        Assert.Equal(Bytes.Of(40 * Block, 3), Bytes.ReadAll(volume, "/kept"));
    }

    [Fact]
    public void Reads_and_overwrites_allocate_nothing()
    {
        using Volume volume = Volume.Open(_medium, Private);
        Bytes.WriteAll(volume, "/f", Bytes.Of(64 * Block, 1));
        using AditFile file = volume.OpenFile("/f");
        byte[] buffer = new byte[3 * Block];
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                file.Read((i % 50 * Block) + 100, buffer);
                file.Write((i % 50 * Block) + 100, buffer);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Threads_that_read_and_write_one_file_see_whole_blocks_and_no_mismatch()
    {
        using Volume volume = Volume.Open(_medium, Private);
        Bytes.WriteAll(volume, "/f", new byte[32 * Block]);
        using AditFile file = volume.OpenFile("/f");
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(500));
        long reads = 0;
        GuardedThread.JoinAll(GuardedThread.Start(4, Work), TimeSpan.FromSeconds(20));
        Assert.True(reads > 20, "inconclusive");
        VolumeProof.Check(volume);

        void Work(int number)
        {
            Random random = new(number + 1);
            byte[] bytes = new byte[Block];
            while (!stop.IsCancellationRequested)
            {
                long offset = random.Next(32) * (long)Block;
                if (number % 2 != 0)
                {
                    bytes.AsSpan().Fill((byte)random.Next(256));
                    file.Write(offset, bytes);
                    continue;
                }

                Assert.Equal(Block, file.Read(offset, bytes));
                Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept(bytes[0]));
                Interlocked.Increment(ref reads);
            }
        }
    }

    private static void Change(AditFile file, ref byte[] expected, int kind, int offset, int length, int seed)
    {
        int end = Math.Min(offset + length, expected.Length);
        switch (kind)
        {
            case < 6:
                byte[] written = Bytes.Of(length, seed);
                file.Write(offset, written);
                Array.Resize(ref expected, Math.Max(expected.Length, offset + length));
                written.CopyTo(expected, offset);
                break;
            case 6:
                int size = seed % 5 == 0 ? 0 : Math.Min(offset, 3 << 20);
                file.SetLength(size);
                Array.Resize(ref expected, size);
                break;
            case 7 or 8:
                file.Allocate(offset, length, AllocateMode.KeepSize | (kind == 7 ? AllocateMode.PunchHole : AllocateMode.ZeroRange));
                expected.AsSpan(Math.Min(offset, end), Math.Max(0, end - offset)).Clear();
                break;
            case 9:
                file.Allocate(offset, length);
                Array.Resize(ref expected, Math.Max(expected.Length, offset + length));
                break;
            case 10 when (offset & -Block) + (length & -Block) < expected.Length && length >= Block:
                if (file.Node.Allocate(AllocateMode.CollapseRange, offset & -Block, length & -Block) == Errno.Success)
                {
                    expected = [.. expected[..(offset & -Block)], .. expected[((offset & -Block) + (length & -Block))..]];
                }

                break;
            case 11 when (offset & -Block) < expected.Length && length >= Block && expected.Length < 2 << 20:
                if (file.Node.Allocate(AllocateMode.InsertRange, offset & -Block, length & -Block) == Errno.Success)
                {
                    expected = [.. expected[..(offset & -Block)], .. new byte[length & -Block], .. expected[(offset & -Block)..]];
                }

                break;
        }
    }

    private static int ChecksumRecords(Volume volume, string path)
    {
        InodeNumber inode = volume.GetAttributes(path).Inode;
        using TreeReader tree = volume.Store.Read();
        int count = 0;
        TreeKey next = ChecksumRecord.Key(inode, 0);
        while (tree.TryGetAtOrAbove(next, out TreeKey found, out _) && found.Inode == inode && found.Kind == RecordKind.DataChecksum)
        {
            count++;
            next = found.Next();
        }

        return count;
    }
}
