using Adit.Cli.Commands;
using Adit.Cli.Trees;

namespace Adit.Cli.Tests;

public sealed class VolumeOperandTests
{
    [Theory]
    [InlineData("pool.adit:/a/b", "pool.adit", "/a/b")]
    [InlineData("/dev/dax0.0:/x", "/dev/dax0.0", "/x")]
    [InlineData("pool.adit:/odd:/name", "pool.adit", "/odd:/name")]
    public void Operand_with_colon_and_slash_is_split_at_the_first(string text, string volume, string path)
    {
        Assert.True(VolumeOperand.TrySplit(text, out var foundVolume, out var foundPath));
        Assert.Equal((volume, path), (foundVolume, foundPath));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a:b")]
    [InlineData(":/x")]
    public void Operand_without_volume_is_a_host_path(string text) =>
        Assert.False(VolumeOperand.TrySplit(text, out _, out _));

    [Fact]
    public void Operand_whose_volume_has_a_colon_is_split_behind_what_exists()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder["odd:"]);
        File.WriteAllText(folder["odd:/pool"], "");

        Assert.True(VolumeOperand.TrySplit(folder["odd:/pool"] + ":/file", out var volume, out var path));
        Assert.Equal((folder["odd:/pool"], "/file"), (volume, path));
    }

    [Theory]
    [InlineData("/", "/")]
    [InlineData("//a//b/", "/a/b")]
    [InlineData("/a/./b/../c", "/a/c")]
    [InlineData("/../..", "/")]
    public void Path_is_normalized(string path, string normal) => Assert.Equal(normal, TreePath.Normalize(path));

    [Theory]
    [InlineData("/a/b", "/a", true)]
    [InlineData("/a", "/a", true)]
    [InlineData("/ab", "/a", false)]
    [InlineData("/x", "/", true)]
    public void Path_is_within_its_parents_only(string path, string directory, bool isWithin) =>
        Assert.Equal(isWithin, TreePath.IsWithin(path, directory));
}
