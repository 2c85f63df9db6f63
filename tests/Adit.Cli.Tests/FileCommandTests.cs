using System.Text.Json;

namespace Adit.Cli.Tests;

/// <summary>The file commands on a volume that no other process has.</summary>
public sealed class FileCommandTests
{
    [Fact]
    public void Files_copied_in_come_out_the_same()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var source = folder.MakeDirectory("source");
        folder.MakeFile("source/small", 100);
        folder.MakeFile("source/large", 3_000_001, seed: 2);
        File.WriteAllBytes(folder["source/empty"], []);
        Directory.CreateDirectory(folder["source/deep/er"]);
        folder.MakeFile("source/deep/er/file", 5000);
        File.CreateSymbolicLink(folder["source/link"], "deep/er/file");
        File.SetUnixFileMode(folder["source/small"], UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var report = AditTool.Run("cp", "-r", source, volume + ":/tree", "--json").Expect(0).Json;
        AditTool.Run("cp", "-r", volume + ":/tree", folder["back"]).Expect(0);

        Assert.Equal(4, report.GetProperty("files").GetInt64());
        Assert.Equal(1, report.GetProperty("symbolic_links").GetInt64());
        foreach (var name in new[] { "small", "large", "empty", "deep/er/file" })
        {
            Assert.Equal(File.ReadAllBytes(folder["source/" + name]), File.ReadAllBytes(folder["back/" + name]));
        }

        Assert.Equal("deep/er/file", new FileInfo(folder["back/link"]).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(folder["back/small"]));
    }

    [Fact]
    public void Holes_stay_holes_in_both_directions()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        using (var sparse = File.Create(folder["sparse"]))
        {
            sparse.Position = 9 << 20;
            sparse.Write("middle"u8);
            sparse.SetLength(20 << 20);
        }

        AditTool.Run("cp", folder["sparse"], volume + ":/sparse").Expect(0);
        var stat = AditTool.Run("stat", volume + ":/sparse", "--json").Expect(0).Json;
        AditTool.Run("cp", volume + ":/sparse", folder["back"]).Expect(0);

        Assert.Equal(20 << 20, stat.GetProperty("size").GetInt64());
        Assert.InRange(stat.GetProperty("allocated_bytes").GetInt64(), 4096, 4 << 20);
        Assert.Equal(File.ReadAllBytes(folder["sparse"]), File.ReadAllBytes(folder["back"]));
    }

    [Fact]
    public void Directories_are_made_listed_moved_and_removed()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var file = folder.MakeFile("file", 10);

        AditTool.Run("mkdir", "-p", volume + ":/a/b/c", volume + ":/d").Expect(0);
        AditTool.Run("cp", file, volume + ":/a/b").Expect(0);
        AditTool.Run("mv", volume + ":/a/b/file", volume + ":/a/b/c", volume + ":/d").Expect(0);

        Assert.Equal("c\nfile\n", AditTool.Run("ls", volume + ":/d").Expect(0).Output);
        AditTool.Run("rm", volume + ":/d").Expect(1);
        AditTool.Run("rm", "-r", volume + ":/d").Expect(0);
        AditTool.Run("rm", "-f", volume + ":/d").Expect(0);
        Assert.Equal("a\n", AditTool.Run("ls", volume).Expect(0).Output);
    }

    [Fact]
    public void Listing_is_one_document_or_one_object_a_line()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        AditTool.Run("mkdir", volume + ":/x", volume + ":/y").Expect(0);

        var document = AditTool.Run("ls", volume, "--json").Expect(0).Json;
        var lines = AditTool.Run("ls", volume, "--jsonl").Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var empty = AditTool.Run("ls", volume + ":/x", "--json").Expect(0).Json;

        Assert.Equal(["x", "y"], document.EnumerateArray().Select(Name).Order(StringComparer.Ordinal));
        Assert.Equal(["x", "y"], lines.Select(line => Name(JsonDocument.Parse(line).RootElement)).Order(StringComparer.Ordinal));
        Assert.Equal(0, empty.GetArrayLength());

        static string Name(JsonElement entry) => entry.GetProperty("name").GetString()!;
    }

    [Fact]
    public void Cat_prints_bytes_and_json_carries_them()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        File.WriteAllText(folder["one"], "one\n");
        folder.MakeFile("two", 800_000);
        AditTool.Run("cp", folder["one"], folder["two"], volume + ":/").Expect(0);

        var text = AditTool.Run("cat", volume + ":/one", volume + ":/one").Expect(0).Output;
        var json = AditTool.Run("cat", volume + ":/two", "--json").Expect(0).Json[0];

        Assert.Equal("one\none\n", text);
        Assert.Equal(File.ReadAllBytes(folder["two"]), json.GetProperty("base64").GetBytesFromBase64());
    }

    [Fact]
    public void Info_and_map_add_up()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume(size: "64M");
        folder.MakeFile("file", 10 << 20);
        AditTool.Run("cp", folder["file"], volume + ":/file").Expect(0);

        var info = AditTool.Run("info", volume, "--json").Expect(0).Json;
        var map = AditTool.Run("map", volume, "--json").Expect(0).Json;
        var stat = AditTool.Run("stat", volume + ":/file", "--json").Expect(0).Json;
        var text = AditTool.Run("map", volume).Expect(0).Output;

        Assert.Equal(64 << 20, info.GetProperty("size_bytes").GetInt64());
        Assert.Equal("file", info.GetProperty("medium").GetString());
        Assert.True(info.GetProperty("was_clean").GetBoolean());
        Assert.Equal(10 << 20, map.GetProperty("huge_bytes").GetInt64() + map.GetProperty("small_bytes").GetInt64());
        Assert.Equal(32, map.GetProperty("runs").EnumerateArray().Sum(run => run.GetProperty("count").GetInt64()));
        Assert.Equal(10 << 20, stat.GetProperty("extents").EnumerateArray().Sum(extent => extent.GetProperty("length").GetInt64()));
        Assert.Equal(1.0, stat.GetProperty("huge_share").GetDouble());
        Assert.Contains("huge data 10.0 MiB", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Map_draws_a_picture()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();

        AditTool.Run("map", volume, "--png", folder["map.png"]).Expect(0);

        Assert.Equal([0x89, 0x50, 0x4E, 0x47], File.ReadAllBytes(folder["map.png"])[..4]);
    }

    [Fact]
    public void Fsck_finds_a_new_volume_clean()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        folder.MakeFile("file", 1 << 20);
        AditTool.Run("cp", folder["file"], volume + ":/file").Expect(0);

        var report = AditTool.Run("fsck", volume, "--json").Expect(0).Json;

        Assert.True(report.GetProperty("clean").GetBoolean());
        Assert.Equal(2, report.GetProperty("inodes").GetInt64());
        Assert.Equal(0, report.GetProperty("findings").GetArrayLength());
    }

    [Fact]
    public void Sockets_are_left_out_of_a_copy_and_that_is_said()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        folder.MakeDirectory("source");
        folder.MakeFile("source/file", 10);
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(folder["source/socket"]));

        var result = AditTool.Run("cp", "-r", folder["source"], volume + ":/").Expect(1);

        Assert.Contains("socket: left out", result.Errors, StringComparison.Ordinal);
        Assert.Equal("file\n", AditTool.Run("ls", volume + ":/source").Expect(0).Output);
    }
}
