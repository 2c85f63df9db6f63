using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;

namespace Adit.Tests.Inodes;

public sealed class InodeTableTests
{
    private static readonly InodeNumber Number = new(77);
    private static readonly InodeNumber Another = new(78);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Inode_that_was_not_made_leaves_nothing(bool isOpen)
    {
        InodeTable table = new(idleCount: 100);
        table.Add(Inode.New(Number, Record(), isOpen), retain: true);
        Assert.True(table.TryUse(Number, out Inode? inode, out _));
        Assert.False(table.Release(inode));

        table.Discard(inode);
        Assert.Equal(0, table.Count);
        Assert.False(table.TryUse(Number, out _, out _));

        // Nor a retention, of which a second one would be too many.
        table.Add(Inode.New(Number, Record(), isOpen), retain: true);
    }

    /// <summary>A freeze uses every inode that it finds, one that is being made among them.</summary>
    [Fact]
    public void Inode_that_was_not_made_is_gone_for_who_found_it_and_goes_with_that_use()
    {
        InodeTable table = new(idleCount: 100);
        Inode made = Inode.New(Number, Record(), isOpen: true);
        table.Add(made, retain: true);
        Inode found = Assert.Single(table.UseAll(static _ => true));

        table.Discard(made);
        Assert.True(found.IsGone);
        Assert.False(found.IsInUse);
        Assert.Equal(1, table.Count);
        Assert.False(table.Release(found));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Inode_that_is_gone_becomes_another_with_its_last_use()
    {
        InodeTable table = new(idleCount: 100);
        Inode gone = Inode.New(Number, Record(), isOpen: false);
        table.Add(gone, retain: false);
        table.UseAgain(gone);
        gone.Record.LinkCount = 0;
        gone.IsGone = true;

        Assert.False(table.Release(gone));
        Assert.NotSame(gone, Inode.New(Another, Record(), isOpen: false));
        Assert.False(table.Release(gone));
        Assert.False(table.TryUse(Number, out _, out _));
        Assert.Equal(0, table.Count);
        Assert.Same(gone, Inode.New(Another, Record(), isOpen: false));
    }

    [Fact]
    public void Inode_without_a_name_that_a_kernel_retains_stays_what_it_is()
    {
        InodeTable table = new(idleCount: 100);
        Inode retained = Inode.New(Number, Record(), isOpen: false);
        table.Add(retained, retain: true);
        retained.Record.LinkCount = 0;

        Assert.False(table.Release(retained));
        Assert.NotSame(retained, Inode.New(Another, Record(), isOpen: false));
        Assert.Equal(Number, retained.Number);
        Assert.Same(retained, table.Forget(Number, 1));
    }

    private static InodeRecord Record() => new() { Mode = 0x81A4, LinkCount = 1 };
}
