using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Directories;

/// <summary>Directories are remembered by the paths that led to them: what a path means must change all the same when a name on it
/// does.</summary>
public sealed class DirectoryPathTests : IDisposable
{
    private readonly VolumeFixture _fixture = new(VolumeFixture.Memory);
    private readonly Volume _volume;

    public DirectoryPathTests()
    {
        _volume = _fixture.Open();
        _volume.CreateDirectory("/a/b", parents: true);
        Make("/a/b/seen");
    }

    public void Dispose()
    {
        _volume.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public void Directory_on_the_path_is_renamed_and_the_old_path_ends()
    {
        _volume.Move("/a", "/c");

        Assert.Equal(Errno.ENOENT, Fails(() => Make("/a/b/new")));
        Assert.Equal(Errno.ENOENT, Fails(() => _volume.Delete("/a/b/seen")));
        Make("/c/b/new");
        Assert.True(_volume.Exists("/c/b/seen"));
    }

    [Fact]
    public void Directories_are_exchanged_and_paths_follow()
    {
        _volume.CreateDirectory("/x");
        Make("/x/mine");
        _volume.Move("/a/b", "/x", RenameFlags.Exchange);

        Make("/a/b/new");
        _volume.Delete("/x/seen");
        Assert.Equal(["mine", "new"], Names("/a/b"));
        Assert.Empty(Names("/x"));
    }

    [Fact]
    public void Directory_is_removed_and_made_anew_and_the_path_means_the_new_one()
    {
        _volume.Delete("/a/b/seen");
        ulong old = _volume.GetAttributes("/a/b").Inode.Value;
        _volume.DeleteDirectory("/a/b");
        Assert.Equal(Errno.ENOENT, Fails(() => Make("/a/b/new")));
        _volume.CreateDirectory("/a/b");

        Make("/a/b/new");
        Assert.NotEqual(old, _volume.GetAttributes("/a/b").Inode.Value);
        Assert.Equal(["new"], Names("/a/b"));
        VolumeProof.Check(_volume);
    }

    [Fact]
    public void Link_on_the_path_is_replaced_and_the_path_follows_the_new_one()
    {
        _volume.CreateDirectory("/other");
        _volume.CreateSymbolicLink("/link", "/a/b");
        Make("/link/one");
        _volume.Delete("/link");
        Assert.Equal(Errno.ENOENT, Fails(() => Make("/link/two")));
        _volume.CreateSymbolicLink("/link", "other");

        Make("/link/two");
        Assert.Equal(["one", "seen"], Names("/a/b"));
        Assert.Equal(["two"], Names("/other"));
    }

    [Fact]
    public void Link_is_replaced_by_a_rename_and_the_path_follows_the_new_one()
    {
        _volume.CreateDirectory("/other");
        _volume.CreateSymbolicLink("/link", "/a/b");
        _volume.CreateSymbolicLink("/next", "/other");
        Make("/link/one");
        _volume.Move("/next", "/link");

        Make("/link/two");
        Assert.Equal(["two"], Names("/other"));
    }

    [Fact]
    public void Name_changes_beside_the_path_by_inode_number_and_the_path_ends()
    {
        ulong rootNumber = _volume.GetAttributes("/").Inode.Value;
        Assert.Equal(Errno.Success, _volume.Rename(new(rootNumber), "a"u8, new(rootNumber), "c"u8, RenameFlags.None));

        Assert.Equal(Errno.ENOENT, Fails(() => Make("/a/b/new")));
    }

    [Fact]
    public void More_directories_than_are_remembered_are_told_apart()
    {
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 300; i++)
            {
                _volume.CreateDirectory($"/d{i}", parents: true);
                Make($"/d{i}/f{round}");
            }
        }

        for (int i = 0; i < 300; i++)
        {
            Assert.Equal(["f0", "f1"], Names($"/d{i}"));
        }
    }

    [Theory]
    [InlineData("/a/b/..", Errno.EEXIST)]
    [InlineData("/a/b/.", Errno.EEXIST)]
    [InlineData("/a/b/seen/x", Errno.ENOTDIR)]
    [InlineData("/a/none/x", Errno.ENOENT)]
    [InlineData("/a/b/seen", Errno.EEXIST)]
    [InlineData("/a/b/new/", Errno.EISDIR)]
    public void Path_that_cannot_be_made_says_why(string path, Errno expected) => Assert.Equal(expected, Fails(() => Make(path)));

    private void Make(string path) => _volume.OpenFile(path, FileMode.CreateNew).Dispose();

    private string[] Names(string path) => [.. _volume.Enumerate(path).Select(entry => entry.Name).Order()];

    private static Errno Fails(Action action) => Assert.Throws<AditException>(action).Errno;
}
