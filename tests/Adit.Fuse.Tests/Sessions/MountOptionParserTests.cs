using Adit.Fuse.Options;

namespace Adit.Fuse.Tests.Sessions;

public sealed class MountOptionParserTests
{
    [Fact]
    public void Words_become_options_and_later_ones_win()
    {
        Assert.True(MountOptionParser.TryParse("ro,dax=never, noatime,sync,allow_other,nosuid,nodev,noexec,threads=4,rw,x-systemd.automount,nofail,default_permissions", new MountOptions(), out MountOptions options, out string? error));

        Assert.Null(error);
        Assert.False(options.ReadOnly);
        Assert.Equal(DaxMode.Never, options.Dax);
        Assert.Equal(AccessTimePolicy.None, options.AccessTime);
        Assert.True(options.Synchronous);
        Assert.True(options.AllowOther);
        Assert.True(options.NoSetUserId && options.NoDevices && options.NoExecute);
        Assert.Equal(4, options.ReaderCount);
    }

    [Theory]
    [InlineData("strictatime", AccessTimePolicy.Strict)]
    [InlineData("noatime,relatime", AccessTimePolicy.Relative)]
    [InlineData("lazytime", AccessTimePolicy.Relative)]
    [InlineData("strictatime,noatime", AccessTimePolicy.None)]
    public void Words_say_when_access_times_move(string text, AccessTimePolicy expected)
    {
        Assert.True(MountOptionParser.TryParse(text, new MountOptions(), out MountOptions options, out _));
        Assert.Equal(expected, options.AccessTime);
    }

    [Fact]
    public void Empty_text_leaves_everything_as_it_was()
    {
        MountOptions basis = new() { ReadOnly = true, Source = "/v" };

        Assert.True(MountOptionParser.TryParse("", basis, out MountOptions options, out _));
        Assert.Equal(basis, options);
    }

    [Theory]
    [InlineData("ro,frobnicate", "frobnicate")]
    [InlineData("dax=sometimes", "inode, always or never")]
    [InlineData("threads=1", "2 to 64")]
    [InlineData("threads=many", "2 to 64")]
    [InlineData("X-mount.idmap=", "FILE:SEEN:COUNT")]
    [InlineData("X-mount.idmap=0:1", "FILE:SEEN:COUNT")]
    [InlineData("X-mount.idmap=x:0:1:1", "FILE:SEEN:COUNT")]
    [InlineData("X-mount.idmap=u:0:1:0", "FILE:SEEN:COUNT")]
    [InlineData("X-mount.idmap=u:-1:1:1", "FILE:SEEN:COUNT")]
    public void Word_that_is_not_known_is_an_error_that_names_it(string text, string expected)
    {
        Assert.False(MountOptionParser.TryParse(text, new MountOptions(), out _, out string? error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_dax_word_works_and_is_warned_about()
    {
        Assert.True(MountOptionParser.TryParse("dax,nopreview", new MountOptions(), out MountOptions options, out _));
        Assert.Equal((DaxMode.Always, PreviewPolicy.Refuse), (options.Dax, options.Previews));
        Assert.Contains("deprecated", Assert.Single(options.Warnings), StringComparison.Ordinal);
        Assert.True(MountOptionParser.TryParse("dax=always", new MountOptions(), out options, out _));
        Assert.Empty(options.Warnings);
    }

    [Theory]
    [InlineData("", "rw,relatime,dax=inode")]
    [InlineData("ro,sync,strictatime,nodiratime,dax=always,nopreview,threads=5,nosuid,noexec,allow_other,io_uring", "ro,sync,strictatime,nodiratime,dax=always,nopreview,threads=5,nosuid,noexec,allow_other,io_uring")]
    [InlineData("idmaps", "rw,relatime,dax=inode,idmaps")]
    [InlineData("X-mount.idmap=\"u:0:1000:1  g:0:1000:1 5:6:7\"", "rw,relatime,dax=inode,X-mount.idmap=u:0:1000:1 g:0:1000:1 5:6:7")]
    [InlineData("X-mount.idmap=/proc/1/ns/user,noidmaps", "rw,relatime,dax=inode")]
    [InlineData("noatime,dax=never,nodev,noallow_other,async", "rw,noatime,dax=never,nodev,noallow_other")]
    public void Options_become_words_that_become_the_same_options(string text, string expected)
    {
        Assert.True(MountOptionParser.TryParse(text, new MountOptions(), out MountOptions options, out _));
        Assert.Equal(expected, MountOptionWords.ToText(options));
        Assert.True(MountOptionParser.TryParse(expected, new MountOptions(), out MountOptions again, out _));
        Assert.Equal(options, again);
    }

    [Fact]
    public void Map_of_owners_becomes_the_lines_that_a_namespace_takes()
    {
        Assert.True(IdMap.TryParse("u:0:1000:1 g:5:6:7 b:10:20:30 40:50:60", out IdMap? map));
        Assert.Equal("0 1000 1\n10 20 30\n40 50 60\n", map.Users);
        Assert.Equal("5 6 7\n10 20 30\n40 50 60\n", map.Groups);
        Assert.Null(map.NamespacePath);
    }
}
