using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Nodes;
using Adit.Quotas;

namespace Adit.Tests.Quotas;

/// <summary>What users, groups and projects have is what their inodes add up to, whatever changes them.</summary>
public sealed class QuotaUsageTests
{
    private const int Block = 4096;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Usage_follows_every_change_of_a_file(bool direct)
    {
        using QuotaFixture fixture = new(direct: direct);
        Volume volume = fixture.Volume;
        Assert.Equal((0, 1), fixture.UsageOf(QuotaKind.User, 0));
        using IOpenFile file = fixture.Make("f", 7, 8);
        Expect(0);
        QuotaFixture.Write(file, 0, (3 * Block) + 1);
        Expect(4);
        for (int i = 4; i < 40; i++)
        {
            Assert.Equal(Errno.Success, file.Append(Bytes.Of(Block, i), out _, out _));
        }

        Expect(volume.GetAttributes("/f").BlockCount);
        Assert.Equal(Errno.Success, file.SetLength(10 * Block));
        Expect(10);
        Assert.Equal(Errno.Success, file.Allocate(AllocateMode.PunchHole | AllocateMode.KeepSize, 2 * Block, 3 * Block));
        Expect(7);
        Assert.Equal(Errno.Success, file.Allocate(AllocateMode.KeepSize, 0, 20 * Block));
        Expect(20);
        Assert.Equal(Errno.Success, file.Allocate(AllocateMode.ZeroRange, 0, 4 * Block));
        Expect(20);
        Assert.Equal(Errno.Success, file.Allocate(AllocateMode.CollapseRange, 0, 2 * Block));
        Expect(18);
        Assert.Equal(Errno.Success, file.Allocate(AllocateMode.InsertRange, Block, 5 * Block));
        Expect(18);
        QuotaFixture.Write(file, 500 * Block, 300 * Block);
        Expect(318);

        Change(volume, "/f", new AttributeChanges { Fields = AttributeFields.UserId | AttributeFields.Project, UserId = 9, ProjectId = 5 });
        Assert.Equal((0, 0), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal((318 * Block, 1), fixture.UsageOf(QuotaKind.User, 9));
        Assert.Equal((318 * Block, 1), fixture.UsageOf(QuotaKind.Group, 8));
        Assert.Equal((318 * Block, 1), fixture.UsageOf(QuotaKind.Project, 5));
        fixture.Prove();

        volume.Delete("/f");
        Assert.Equal((318 * Block, 1), fixture.UsageOf(QuotaKind.User, 9));
        fixture.Prove();
        file.Dispose();
        Assert.Equal((0, 0), fixture.UsageOf(QuotaKind.User, 9));
        Assert.Equal((0, 0), fixture.UsageOf(QuotaKind.Project, 5));
        Assert.DoesNotContain(volume.GetQuotas(), entry => entry.Id != 0);
        fixture.Prove();

        void Expect(long blocks)
        {
            Assert.Equal((blocks * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
            Assert.Equal((blocks * Block, 1), fixture.UsageOf(QuotaKind.Group, 8));
            fixture.Prove();
        }
    }

    [Fact]
    public void Usage_counts_every_type_of_inode_and_every_way_of_losing_one()
    {
        using QuotaFixture fixture = new();
        Volume volume = fixture.Volume;
        Caller caller = new(7, 8);
        Assert.Equal(Errno.Success, volume.MakeDirectory(InodeNumber.Root, "d"u8, 0x1FF, in caller, out NodeAttributes d));
        Assert.Equal(Errno.Success, volume.MakeSymbolicLink(d.Inode, "link"u8, System.Text.Encoding.UTF8.GetBytes(new string('x', 3000)), in caller, out NodeAttributes link));
        Assert.Equal(Errno.Success, volume.MakeNode(d.Inode, "fifo"u8, 0x11B6, 0, in caller, out NodeAttributes fifo));
        Assert.Equal(Errno.Success, volume.MakeTemporary(d.Inode, 0x1B6, in caller, out NodeAttributes unnamed, out IOpenFile? temporary));
        fixture.Make("old", 7, 8, d.Inode).Dispose();
        using (IOpenFile replaced = fixture.Make("replaced", 11, 12, d.Inode))
        {
            QuotaFixture.Write(replaced, 0, 5 * Block);
        }

        Assert.Equal((0, 5), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal((5 * Block, 1), fixture.UsageOf(QuotaKind.User, 11));
        fixture.Prove();

        // One transaction: the old name goes, a whiteout of the same owner comes, and another user's file goes.
        Assert.Equal(Errno.Success, volume.Rename(d.Inode, "old"u8, d.Inode, "replaced"u8, RenameFlags.Whiteout));
        Assert.Equal((0, 0), fixture.UsageOf(QuotaKind.User, 11));
        Assert.Equal((0, 6), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();

        Assert.Equal(Errno.Success, volume.Link(unnamed.Inode, d.Inode, "named"u8, out _));
        temporary!.Dispose();
        Assert.Equal((0, 6), fixture.UsageOf(QuotaKind.User, 7));
        volume.Forget(unnamed.Inode, 2);
        volume.Forget(link.Inode, 1);
        volume.Forget(fifo.Inode, 1);
        volume.Forget(d.Inode, 1);
        volume.DeleteDirectory("/d", recursive: true);
        foreach (QuotaKind kind in Enum.GetValues<QuotaKind>())
        {
            Assert.Equal((0, 0), fixture.UsageOf(kind, kind == QuotaKind.User ? 7u : 8u));
        }

        fixture.Prove();
    }

    [Fact]
    public void Usage_counts_blocks_that_pins_and_views_bring()
    {
        using QuotaFixture fixture = new();
        using AditFile file = fixture.MakeHole("f", 7, 1 << 20);
        Assert.Equal((0, 1), fixture.UsageOf(QuotaKind.User, 7));
        using (Pin pin = file.Pin(5 * Block, 100, PinAccess.Write))
        {
            pin.WritableSpan[0] = 1;
        }

        Assert.Equal((Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        using (file.Map(16 * Block, 8 * Block, new ViewOptions { Kind = ViewKind.ReadWrite }))
        {
            Assert.Equal((9 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        }

        fixture.Prove();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Usage_is_right_after_a_reopening(bool abandon)
    {
        using QuotaFixture fixture = new();
        using (IOpenFile file = fixture.Make("f", 7, 8))
        {
            QuotaFixture.Write(file, 0, 9 * Block);
        }

        // Deleted while open: what a crash leaves of it still counts, until it is cleaned away.
        IOpenFile orphan = fixture.Make("orphan", 7);
        QuotaFixture.Write(orphan, 0, 3 * Block);
        fixture.Volume.Delete("/orphan");
        Assert.Equal((12 * Block, 2), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Reopen(abandon);
        Assert.Equal((9 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal(QuotaState.On, fixture.Volume.GetQuotaStatus().State);
        fixture.Prove();
    }

    [Fact]
    public void Usage_stays_right_with_the_smallest_log_and_full_transactions()
    {
        using QuotaFixture fixture = new(sizeBytes: 12 << 20, logBytes: 64 << 10);
        using IOpenFile file = fixture.Make("f", 7, 8);
        for (int i = 0; i < 200; i++)
        {
            QuotaFixture.Write(file, i * 2L * Block, Block);
        }

        // Every write here fills a whole plan, and the log's record with it.
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal((Errno.Success, 99 * Block), QuotaFixture.Write(file, i * 100L * Block, 99 * Block));
        }

        Assert.Equal((fixture.Volume.GetAttributes("/f").BlockCount * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();
        Assert.Equal(Errno.Success, file.SetLength(0));
        Assert.Equal((0, 1), fixture.UsageOf(QuotaKind.Group, 8));
        fixture.Prove();
    }

    private static void Change(Volume volume, string path, in AttributeChanges changes) => volume.SetAttributes(path, in changes);
}
