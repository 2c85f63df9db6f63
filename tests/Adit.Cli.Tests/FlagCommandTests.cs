namespace Adit.Cli.Tests;

/// <summary><c>adit chattr</c>, on a volume that nobody has and through the owner of a mounted one.</summary>
public sealed class FlagCommandTests
{
    [Fact]
    public void Chattr_changes_flags_and_says_what_it_did()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var file = folder.MakeFile("file", 5000);
        AditTool.Run("mkdir", "-p", volume + ":/d/e").Expect(0);
        AditTool.Run("cp", file, volume + ":/d/f").Expect(0);

        Assert.Contains("recursive", AditTool.Run("chattr", "-x", volume + ":/d").Expect(1).Errors, StringComparison.Ordinal);
        var report = AditTool.Run("chattr", "-x", volume + ":/d", "--recursive", "--json").Expect(0).Json;
        AditTool.Run("cp", file, volume + ":/d/e/g").Expect(0);

        Assert.Equal(("x", 1L, 2L), (report.GetProperty("cleared").GetString(), report.GetProperty("files_changed").GetInt64(), report.GetProperty("directories_changed").GetInt64()));
        Assert.False(DaxFlag(volume + ":/d/e/g"));
        Assert.Contains("1 file and 0 directories changed", AditTool.Run("chattr", "+x", volume + ":/d/f").Expect(0).Output, StringComparison.Ordinal);
        Assert.True(DaxFlag(volume + ":/d/f"));
    }

    [MountFact]
    public void Chattr_of_a_mounted_volume_goes_through_its_owner()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        AditTool.Run("mount", volume, mount).Expect(0);
        Directory.CreateDirectory(Path.Combine(mount, "d"));
        File.WriteAllText(Path.Combine(mount, "d", "f"), "text");

        var report = AditTool.Run("chattr", "-x", "+S", Path.Combine(mount, "d"), "--recursive", "--json").Expect(0).Json;
        AditTool.Run("chattr", "+i", volume + ":/d/f").Expect(0);

        Assert.Equal(("S", "x", 2L), (report.GetProperty("set").GetString(), report.GetProperty("cleared").GetString(),
            report.GetProperty("files_changed").GetInt64() + report.GetProperty("directories_changed").GetInt64()));
        Assert.False(DaxFlag(volume + ":/d/f"));
        Assert.ThrowsAny<UnauthorizedAccessException>(() => File.WriteAllText(Path.Combine(mount, "d", "f"), "other"));
        AditTool.Run("chattr", "-i", volume + ":/d/f").Expect(0);
        File.WriteAllText(Path.Combine(mount, "d", "f"), "other");
        AditTool.Run("umount", mount).Expect(0);
    }

    [MountFact]
    public void Stat_and_mount_say_how_files_are_accessed()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        var mounted = AditTool.Run("mount", volume, mount, "-o", "dax").Expect(0);
        Assert.Contains("'dax' is deprecated", mounted.Errors, StringComparison.Ordinal);
        Assert.Contains("private-files", mounted.Errors, StringComparison.Ordinal);
        AditTool.Run("umount", mount).Expect(0);

        mounted = AditTool.Run("mount", volume, mount, "-o", "nopreview").Expect(0);
        Assert.DoesNotContain("deprecated", mounted.Errors, StringComparison.Ordinal);
        Assert.Contains("previews are refused", mounted.Errors, StringComparison.Ordinal);
        AditTool.Run("umount", mount).Expect(0);

        AditTool.Run("mount", volume, mount).Expect(0);
        var file = Path.Combine(mount, "f");
        using (var held = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.ReadWrite))
        {
            AditTool.Run("chattr", "-x", file).Expect(0);
            var stat = AditTool.Run("stat", file, "--json").Expect(0).Json;
            Assert.Equal(("direct", "private", true), (stat.GetProperty("dax_state").GetString(), stat.GetProperty("dax_next_state").GetString(), stat.GetProperty("dax_in_use").GetBoolean()));
            Assert.Contains("in use", stat.GetProperty("dax_pending").GetString(), StringComparison.Ordinal);
        }

        var info = AditTool.Run("info", mount, "--json").Expect(0).Json;
        Assert.Equal(("inode", false), (info.GetProperty("dax").GetString(), info.GetProperty("refuses_previews").GetBoolean()));
        AditTool.Run("umount", mount).Expect(0);
        Assert.Contains("private: its flag x is not set", AditTool.Run("stat", volume + ":/f").Expect(0).Output, StringComparison.Ordinal);
    }

    private static bool DaxFlag(string path) => AditTool.Run("stat", path, "--json").Expect(0).Json.GetProperty("dax_flag").GetBoolean();
}
