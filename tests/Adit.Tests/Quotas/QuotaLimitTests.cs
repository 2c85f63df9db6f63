using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Metadata.Transactions;
using Adit.Nodes;
using Adit.Quotas;
using Adit.TestKit.Threads;

namespace Adit.Tests.Quotas;

/// <summary>What limits forbid is EDQUOT, for the call that would pass them, and nothing of it has happened.</summary>
public sealed class QuotaLimitTests
{
    private const int Block = 4096;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_beyond_a_hard_limit_does_what_fits_and_then_nothing(bool direct)
    {
        using QuotaFixture fixture = new(direct: direct);
        fixture.Limit(7, hardBytes: 10 * Block);
        using IOpenFile file = fixture.Make("f", 7);
        Assert.Equal((Errno.Success, 8 * Block), QuotaFixture.Write(file, 0, 8 * Block));
        Assert.Equal((Errno.EDQUOT, 2 * Block), QuotaFixture.Write(file, 8 * Block, 5 * Block));
        Assert.Equal((Errno.EDQUOT, 0), QuotaFixture.Write(file, 10 * Block, 1));
        Assert.Equal(Errno.EDQUOT, file.Append(Bytes.Of(Block, 3), out _, out int appended));
        Assert.Equal(0, appended);
        Assert.Equal(10 * Block, fixture.Volume.GetAttributes("/f").SizeBytes);

        // What is there can be overwritten, and a hole of the file is as much as its end.
        Assert.Equal((Errno.Success, 10 * Block), QuotaFixture.Write(file, 0, 10 * Block));
        Assert.Equal(Errno.Success, file.SetLength(1 << 20));
        Assert.Equal((Errno.EDQUOT, 0), QuotaFixture.Write(file, 100 * Block, Block));
        Assert.Equal(Errno.EDQUOT, file.Allocate(AllocateMode.KeepSize, 0, 20 * Block));
        Assert.Equal((10 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();

        // Freed blocks can be had again.
        Assert.Equal(Errno.Success, file.SetLength(5 * Block));
        Assert.Equal((Errno.EDQUOT, 5 * Block), QuotaFixture.Write(file, 200 * Block, 9 * Block));
        fixture.Prove();
    }

    [Fact]
    public void Allocation_beyond_the_limit_gets_nothing_of_it()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: 10 * Block);
        using IOpenFile file = fixture.Make("f", 7);
        QuotaFixture.Write(file, 0, 4 * Block);
        Assert.Equal(Errno.EDQUOT, file.Allocate(AllocateMode.KeepSize, 0, 11 * Block));
        Assert.Equal((4 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal(Errno.Success, file.Allocate(AllocateMode.KeepSize, 0, 10 * Block));
        Assert.Equal((10 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();
    }

    [Fact]
    public void Writers_that_ask_for_room_at_once_get_no_more_than_there_is()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: 8 * Block);
        using IOpenFile one = fixture.Make("a", 7);
        using IOpenFile other = fixture.Make("b", 7);

        // While this transaction is at hand none begins: both have been told of 8 blocks before either has any.
        Assert.Equal(Errno.Success, fixture.Volume.Store.Begin(out Transaction held));
        GuardedThread[] writers = GuardedThread.Start(2, number => QuotaFixture.Write(number == 0 ? one : other, 0, 5 * Block));
        Thread.Sleep(300);
        held.Abort();
        GuardedThread.JoinAll(writers, TimeSpan.FromSeconds(30));

        Assert.InRange(fixture.UsageOf(QuotaKind.User, 7).Bytes, 5 * Block, 8 * Block);
        fixture.Prove();
    }

    [Fact]
    public void Appending_block_by_block_stops_exactly_at_the_limit()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: 50 * Block);
        using IOpenFile file = fixture.Make("f", 7);
        int done = 0;
        while (file.Append(Bytes.Of(Block, done), out _, out _) == Errno.Success)
        {
            done++;
        }

        Assert.Equal(50, done);
        Assert.Equal((Errno.EDQUOT, 0), (file.Append(Bytes.Of(2 * Block, 1), out _, out int written), written));
        Assert.Equal((50 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();
    }

    [Fact]
    public void Pins_and_views_that_need_blocks_beyond_the_limit_fail_and_leave_the_file()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: 2 * Block);
        using AditFile file = fixture.MakeHole("f", 7, 1 << 20);
        file.Pin(0, Block, PinAccess.Write).Dispose();
        file.Pin(Block, Block, PinAccess.Write).Dispose();
        Assert.Equal(Errno.EDQUOT, Assert.Throws<AditException>(() => file.Pin(2 * Block, 1, PinAccess.Write).Dispose()).Errno);
        Assert.Equal(Errno.EDQUOT, Assert.Throws<AditException>(() => file.Map(0, 64 * Block, new ViewOptions { Kind = ViewKind.ReadWrite }).Dispose()).Errno);
        file.Pin(2 * Block, 1, PinAccess.Read).Dispose();
        fixture.Limit(7, hardBytes: 10 * Block);
        Assert.Equal(Errno.EDQUOT, Assert.Throws<AditException>(() => file.Map(0, 64 * Block, new ViewOptions { Kind = ViewKind.ReadWrite })).Errno);
        Assert.Equal((2 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        Assert.All(Bytes.ReadAll(fixture.Volume, "/f"), value => Assert.Equal(0, value));
        fixture.Prove();
    }

    [Fact]
    public void Inode_limit_refuses_every_way_of_making_one()
    {
        using QuotaFixture fixture = new();
        Volume volume = fixture.Volume;
        Caller caller = new(7, 0);
        fixture.Limit(7, hardInodes: 2);
        fixture.Make("a", 7).Dispose();
        fixture.Make("b", 7).Dispose();
        Assert.Equal(Errno.EDQUOT, fixture.TryMake("c", 7, out _));
        Assert.Equal(Errno.EDQUOT, volume.MakeDirectory(InodeNumber.Root, "c"u8, 0x1FF, in caller, out _));
        Assert.Equal(Errno.EDQUOT, volume.MakeSymbolicLink(InodeNumber.Root, "c"u8, "x"u8, in caller, out _));
        Assert.Equal(Errno.EDQUOT, volume.MakeNode(InodeNumber.Root, "c"u8, 0x11B6, 0, in caller, out _));
        Assert.Equal(Errno.EDQUOT, volume.MakeTemporary(InodeNumber.Root, 0x1B6, in caller, out _, out _));
        Assert.Equal(Errno.EDQUOT, volume.Rename(InodeNumber.Root, "a"u8, InodeNumber.Root, "c"u8, RenameFlags.Whiteout));
        Assert.Equal(Errno.EEXIST, fixture.TryMake("a", 7, out _));
        Assert.True(volume.Exists("/a"));
        Assert.False(volume.Exists("/c"));

        // Names are free, and so are other users' inodes.
        volume.CreateLink("/a", "/c");
        volume.Delete("/b");
        fixture.Make("d", 7).Dispose();
        fixture.Make("e", 8).Dispose();
        Assert.Equal((0, 2), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();
    }

    [Fact]
    public void Soft_limit_binds_after_its_time_of_grace()
    {
        using QuotaFixture fixture = new();
        fixture.Volume.SetQuotaGrace(QuotaKind.User, TimeSpan.FromHours(1), TimeSpan.FromHours(2));
        fixture.Limit(7, softBytes: 4 * Block, softInodes: 1, hardInodes: 5);
        using IOpenFile file = fixture.Make("f", 7);
        Assert.Equal((Errno.Success, 4 * Block), QuotaFixture.Write(file, 0, 4 * Block));
        Assert.Null(fixture.User(7).BytesDeadline);
        Assert.Equal((Errno.Success, Block), QuotaFixture.Write(file, 4 * Block, Block));
        Assert.Equal(fixture.Time.Now.AddHours(1), fixture.User(7).BytesDeadline);
        fixture.Time.Now = fixture.Time.Now.AddMinutes(59);
        Assert.Equal((Errno.Success, Block), QuotaFixture.Write(file, 5 * Block, Block));
        fixture.Make("g", 7).Dispose();
        fixture.Reopen();
        using IOpenFile again = Reopen(fixture.Volume, "/f");
        fixture.Time.Now = fixture.Time.Now.AddMinutes(1);
        Assert.Equal((Errno.EDQUOT, 0), QuotaFixture.Write(again, 6 * Block, Block));
        fixture.Make("h", 7).Dispose();
        fixture.Time.Now = fixture.Time.Now.AddHours(2);
        Assert.Equal(Errno.EDQUOT, fixture.TryMake("i", 7, out _));

        // Below the soft limit it is forgotten.
        Assert.Equal(Errno.Success, again.SetLength(4 * Block));
        Assert.Null(fixture.User(7).BytesDeadline);
        Assert.Equal((Errno.Success, Block), QuotaFixture.Write(again, 4 * Block, Block));
        Assert.Equal(fixture.Time.Now.AddHours(1), fixture.User(7).BytesDeadline);
        fixture.Prove();
    }

    [Fact]
    public void Groups_and_projects_are_limited_and_root_is_not()
    {
        using QuotaFixture fixture = new();
        Volume volume = fixture.Volume;
        QuotaLimits one = new(0, Block, 0, 1);
        volume.SetQuota(QuotaKind.User, 0, in one);
        volume.SetQuota(QuotaKind.Group, 0, in one);
        volume.SetQuota(QuotaKind.Group, 8, in one);
        volume.SetQuota(QuotaKind.Project, 9, one with { HardInodes = 2 });
        using (IOpenFile file = fixture.Make("root", 0, 0))
        {
            Assert.Equal(Errno.Success, QuotaFixture.Write(file, 0, 5 * Block).Errno);
        }

        using (IOpenFile file = fixture.Make("group", 7, 8))
        {
            Assert.Equal((Errno.EDQUOT, Block), QuotaFixture.Write(file, 0, 5 * Block));
            Assert.Equal(Errno.EDQUOT, fixture.TryMake("more", 7, out _, 8));
        }

        volume.CreateDirectory("/p");
        volume.SetFlags("/p", FileFlags.ProjectInherit);
        volume.SetProject("/p", 9);
        using (IOpenFile file = fixture.Make("file", 0, 0, volume.GetAttributes("/p").Inode))
        {
            Assert.Equal((Errno.EDQUOT, Block), QuotaFixture.Write(file, 0, 5 * Block));
            Assert.Equal(Errno.EDQUOT, fixture.TryMake("more", 0, out _, 0, volume.GetAttributes("/p").Inode));
        }

        fixture.Prove();
    }

    [Theory]
    [InlineData(AttributeFields.UserId)]
    [InlineData(AttributeFields.GroupId)]
    [InlineData(AttributeFields.Project)]
    public void Giving_a_file_away_counts_against_who_gets_it(AttributeFields what)
    {
        using QuotaFixture fixture = new();
        Volume volume = fixture.Volume;
        QuotaKind kind = what == AttributeFields.UserId ? QuotaKind.User : what == AttributeFields.GroupId ? QuotaKind.Group : QuotaKind.Project;
        volume.SetQuota(kind, 20, new QuotaLimits(0, 4 * Block, 0, 0));
        using IOpenFile file = fixture.Make("f", 7, 8);
        QuotaFixture.Write(file, 0, 5 * Block);
        AttributeChanges changes = new() { Fields = what, UserId = 20, GroupId = 20, ProjectId = 20 };
        InodeNumber inode = volume.GetAttributes("/f").Inode;
        Assert.Equal(Errno.EDQUOT, volume.SetAttributes(inode, in changes, out _));
        AttributeChanges withSize = changes with { Fields = what | AttributeFields.Size, SizeBytes = 1 << 20 };
        Assert.Equal(Errno.EDQUOT, volume.SetAttributes(inode, in withSize, out _));
        Assert.Equal((7u, 8u, 0u, 5L * Block), (Of().UserId, Of().GroupId, Of().ProjectId, Of().SizeBytes));
        Assert.Equal((0, 0), fixture.UsageOf(kind, 20));

        changes.Fields |= AttributeFields.IgnoreQuota;
        Assert.Equal(Errno.Success, volume.SetAttributes(inode, in changes, out _));
        Assert.Equal((5 * Block, 1), fixture.UsageOf(kind, 20));
        Assert.Equal((Errno.EDQUOT, 0), QuotaFixture.Write(file, 5 * Block, 1));

        // An inode is something to have, too.
        fixture.Make("empty", 7, 8).Dispose();
        volume.SetQuota(kind, 20, new QuotaLimits(0, 0, 0, 1));
        changes.Fields = what;
        Assert.Equal(Errno.EDQUOT, volume.SetAttributes(volume.GetAttributes("/empty").Inode, in changes, out _));
        fixture.Prove();

        NodeAttributes Of() => volume.GetAttributes("/f");
    }

    [Fact]
    public void Owner_who_stays_and_is_at_the_limit_does_not_keep_a_file_from_another_group_and_project()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: 5 * Block, hardInodes: 1);
        using IOpenFile file = fixture.Make("f", 7, 8);
        QuotaFixture.Write(file, 0, 5 * Block);
        AttributeChanges changes = new() { Fields = AttributeFields.GroupId | AttributeFields.Project, GroupId = 20, ProjectId = 21 };
        Assert.Equal(Errno.Success, fixture.Volume.SetAttributes(fixture.Volume.GetAttributes("/f").Inode, in changes, out _));
        Assert.Equal((5 * Block, 1), fixture.UsageOf(QuotaKind.Project, 21));
        fixture.Prove();
    }

    [Fact]
    public void Many_writers_of_one_user_never_pass_the_limit_together()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: 300 * Block, hardInodes: 60);
        GuardedThread[] threads = GuardedThread.Start(4, number =>
        {
            for (int i = 0; fixture.TryMake($"{number}-{i}", 7, out IOpenFile? file) == Errno.Success; i++)
            {
                QuotaFixture.Write(file!, 0, 7 * Block);
                file!.Dispose();
            }
        });
        GuardedThread.JoinAll(threads, TimeSpan.FromSeconds(30));
        Assert.Equal((300 * Block, 60), fixture.UsageOf(QuotaKind.User, 7));
        fixture.Prove();
    }

    [Fact]
    public void Space_at_a_directory_of_a_limited_project_is_the_limit()
    {
        using QuotaFixture fixture = new();
        Volume volume = fixture.Volume;
        volume.CreateDirectory("/p/sub", parents: true);
        volume.SetProject("/p", 9);
        volume.SetFlags("/p", FileFlags.ProjectInherit);
        volume.SetQuota(QuotaKind.Project, 9, new QuotaLimits(0, 100 * Block, 0, 50));
        InodeNumber p = volume.GetAttributes("/p").Inode;
        using (IOpenFile file = fixture.Make("f", 7, parent: p))
        {
            QuotaFixture.Write(file, 0, 30 * Block);
        }

        Assert.Equal(new VolumeSpace(100, 70, 50, 48), volume.GetSpace(p));
        Assert.Equal(volume.GetSpace(), volume.GetSpace(InodeNumber.Root));
        volume.SetQuota(QuotaKind.Project, 9, new QuotaLimits(20 * Block, 100 * Block, 0, 0));
        Assert.Equal((20, 0), (volume.GetSpace(p).TotalBlocks, volume.GetSpace(p).FreeBlocks));
        volume.SetFlags("/p", FileFlags.None, FileFlags.ProjectInherit);
        Assert.Equal(volume.GetSpace(), volume.GetSpace(p));
    }

    [Fact]
    public void Senseless_limits_are_refused()
    {
        using QuotaFixture fixture = new();
        Volume volume = fixture.Volume;
        Refuse(QuotaKind.User, 7, new QuotaLimits(2, 1 - Block, 0, 0));
        Refuse(QuotaKind.User, 7, new QuotaLimits(3 * Block, 2 * Block, 0, 0));
        Refuse(QuotaKind.User, 7, new QuotaLimits(0, 0, 3, 2));
        Refuse(QuotaKind.Project, 0, new QuotaLimits(0, Block, 0, 0));
        Assert.Throws<AditException>(() => volume.SetQuotaGrace(QuotaKind.User, TimeSpan.FromSeconds(-1), null));
        volume.SetQuota(QuotaKind.User, 7, new QuotaLimits(0, 1, 0, 0));
        Assert.Equal(Block, fixture.User(7).Limits.HardBytes);
        volume.SetQuota(QuotaKind.User, 7, default);
        Assert.DoesNotContain(volume.GetQuotas(), entry => entry.Id == 7);

        void Refuse(QuotaKind kind, uint id, QuotaLimits limits) =>
            Assert.Equal(Errno.EINVAL, Assert.Throws<AditException>(() => volume.SetQuota(kind, id, in limits)).Errno);
    }

    private static IOpenFile Reopen(Volume volume, string path)
    {
        Assert.Equal(Errno.Success, volume.Open(volume.GetAttributes(path).Inode, OpenIntent.ReadWrite, out IOpenFile? file));
        return file!;
    }
}
