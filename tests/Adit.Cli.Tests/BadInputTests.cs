using System.Diagnostics;
using Adit.Format;

namespace Adit.Cli.Tests;

/// <summary>What users and broken disks hand to the tool: each is a clear message and an exit code, and loses nothing.</summary>
public sealed class BadInputTests
{
    [Fact]
    public void Volume_that_does_not_exist_is_named()
    {
        using var folder = new TestFolder();

        var result = AditTool.Run("info", folder["nothing.adit"]).Expect(1);

        Assert.Contains("nothing.adit", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["nothing.adit"]));
    }

    [Theory]
    [InlineData("ls", "/absent")]
    [InlineData("cat", "/absent")]
    [InlineData("stat", "/absent")]
    [InlineData("rm", "/absent")]
    [InlineData("mkdir", "/absent/x")]
    public void Path_that_does_not_exist_is_named(string command, string path)
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();

        var result = AditTool.Run(command, volume + ":" + path).Expect(1);
        var json = AditTool.Run(command, volume + ":" + path, "--json").Expect(1).Json;

        Assert.Contains(path, result.Errors, StringComparison.Ordinal);
        Assert.Equal("ENOENT", json.GetProperty("errno").GetString());
        Assert.Equal(1, json.GetProperty("exit").GetInt32());
    }

    [Fact]
    public void File_that_is_no_volume_is_refused_and_kept()
    {
        using var folder = new TestFolder();
        var file = folder.MakeFile("picture.jpg", 16 << 20);
        var before = File.ReadAllBytes(file);

        Assert.Contains("picture.jpg", AditTool.Run("info", file).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains("--force", AditTool.Run("mkfs", file).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(file));
    }

    [Fact]
    public void Empty_file_is_no_volume()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["empty"], []);

        Assert.InRange(AditTool.Run("info", folder["empty"]).ExitCode, 1, 3);
    }

    [Fact]
    public void Mkfs_again_needs_force()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        AditTool.Run("mkdir", volume + ":/kept").Expect(0);

        AditTool.Run("mkfs", volume).Expect(1);
        Assert.Equal("kept\n", AditTool.Run("ls", volume).Expect(0).Output);
        AditTool.Run("mkfs", volume, "--force").Expect(0);
        Assert.Equal("", AditTool.Run("ls", volume).Expect(0).Output);
    }

    [Fact]
    public void Truncated_volume_is_damaged()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        using (var file = File.OpenWrite(volume))
        {
            file.SetLength(12 << 20);
        }

        var result = AditTool.Run("info", volume).Expect(3);

        Assert.Contains("pool.adit", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Newer_format_is_refused_with_the_way_out()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        PatchSuperblocks(volume, (ref Superblock superblock) => superblock.MinimumVersion = 999);

        var result = AditTool.Run("info", volume).Expect(1);

        Assert.Contains("999", result.Errors, StringComparison.Ordinal);
        Assert.Contains("newer", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_feature_is_refused_for_writing_only()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        PatchSuperblocks(volume, (ref Superblock superblock) => superblock.ReadOnlyCompatibleFeatures |= 1UL << 60);

        AditTool.Run("ls", volume).Expect(0);
        Assert.Contains("read-only", AditTool.Run("mkdir", volume + ":/x").Expect(1).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Volume_of_another_process_is_busy_and_its_pid_is_named()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        using var open = Volume.Open(volume);

        var result = AditTool.Run("mkdir", volume + ":/x").Expect(4);

        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Full_volume_fails_and_works_again_when_emptied()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume(size: "16M");
        var large = folder.MakeFile("large", 20 << 20);
        var small = folder.MakeFile("small", 4 << 20);

        var result = AditTool.Run("cp", large, volume + ":/large", "--json").Expect(1);
        Assert.Equal("ENOSPC", result.Json.GetProperty("errno").GetString());
        AditTool.Run("rm", volume + ":/large").Expect(0);
        AditTool.Run("cp", small, volume + ":/small").Expect(0);
        AditTool.Run("fsck", volume).Expect(0);
    }

    [Fact]
    public void Moves_and_copies_that_make_no_sense_are_refused()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var other = folder.MakeVolume("other.adit");
        AditTool.Run("mkdir", "-p", volume + ":/a/b").Expect(0);

        AditTool.Run("mv", volume + ":/a", volume + ":/a/b/c").Expect(1);
        AditTool.Run("cp", "-r", volume + ":/a", volume + ":/a/b/c").Expect(1);
        AditTool.Run("cp", volume + ":/a", folder["x"]).Expect(1);
        AditTool.Run("rm", "-r", volume + ":/").Expect(2);
        Assert.Contains("two volumes", AditTool.Run("mv", volume + ":/a", other + ":/a").Expect(1).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_that_goes_away_ends_a_listing_quietly()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        folder.MakeFile("file", 8 << 20);
        AditTool.Run("cp", folder["file"], volume + ":/file").Expect(0);

        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"dotnet '{Path.Combine(AppContext.BaseDirectory, "Adit.Cli.dll")}' cat '{volume}:/file' | head -c 10 | wc -c; echo ${{PIPESTATUS[0]}}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = shell.StandardOutput.ReadToEndAsync();
        var errors = shell.StandardError.ReadToEndAsync();
        Assert.True(shell.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.StartsWith("10\n", await output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", await errors, StringComparison.Ordinal);
    }

    private delegate void Patch(ref Superblock superblock);

    /// <summary>Changes both superblocks as another version of the tool would.</summary>
    private static void PatchSuperblocks(string volume, Patch patch)
    {
        using var file = File.Open(volume, FileMode.Open);
        foreach (var block in new[] { 0, Superblock.SecondCopyBlock })
        {
            var bytes = new byte[Superblock.SizeBytes];
            file.Position = block << Geometry.BlockShift;
            file.ReadExactly(bytes);
            Assert.True(Superblock.TryRead(bytes, out var superblock));
            patch(ref superblock);
            superblock.Write(bytes);
            file.Position = block << Geometry.BlockShift;
            file.Write(bytes);
        }
    }
}
