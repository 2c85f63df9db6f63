using System.Text.Json;
using Adit.Cli.Commands.Quotas;

namespace Adit.Cli.Tests;

/// <summary><c>adit quota</c>, on a volume that nobody has and through the owner of a mounted one.</summary>
public sealed class QuotaCommandTests
{
    [Fact]
    public void Quotas_are_turned_on_set_shown_and_turned_off()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var file = folder.MakeFile("file", 50_000);
        AditTool.Run("cp", file, volume + ":/f").Expect(0);

        Assert.Contains("adit quota on", AditTool.Run("quota", volume).Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("adit quota on", AditTool.Run("quota", "set", volume, "--user", "7", "--hard", "1M").Expect(1).Errors, StringComparison.Ordinal);
        Assert.Equal("on", AditTool.Run("quota", "on", volume, "--json").Expect(0).Json.GetProperty("state").GetString());
        AditTool.Run("quota", "set", volume, "--user", "daemon", "--soft", "1M", "--hard", "2M", "--inodes-hard", "10").Expect(0);
        AditTool.Run("quota", "set", volume, "--user", "daemon", "--soft", "none").Expect(0);
        AditTool.Run("quota", "set", volume, "--project", "42", "--inodes-soft", "3").Expect(0);
        AditTool.Run("quota", "grace", volume, "--of", "projects", "--inodes", "90m").Expect(0);

        var report = AditTool.Run("quota", "report", volume, "--json").Expect(0).Json;
        var daemon = Entry(report, "user", 1);
        Assert.Equal(("daemon", 0L, 2L << 20, 10L), (daemon.GetProperty("name").GetString(), daemon.GetProperty("soft_bytes").GetInt64(),
            daemon.GetProperty("hard_bytes").GetInt64(), daemon.GetProperty("hard_inodes").GetInt64()));
        Assert.Equal((53248L, 2L), (Entry(report, "user", 0).GetProperty("used_bytes").GetInt64(), Entry(report, "user", 0).GetProperty("used_inodes").GetInt64()));
        Assert.Equal(3, Entry(report, "project", 42).GetProperty("soft_inodes").GetInt64());
        Assert.Contains("projects: 7 d for bytes, 90 min for inodes", AditTool.Run("quota", "grace", volume).Expect(0).Output, StringComparison.Ordinal);
        var text = AditTool.Run("quota", volume).Expect(0).Output;
        Assert.Matches(@"user daemon +0 B +- +2\.00 MiB  \[\.{10}\]   0 %", text);
        Assert.DoesNotContain("daemon", AditTool.Run("quota", volume, "--project", "42").Expect(0).Output, StringComparison.Ordinal);
        AditTool.Run("fsck", volume).Expect(0);

        Assert.Equal("off", AditTool.Run("quota", "off", volume, "--json").Expect(0).Json.GetProperty("state").GetString());
        AditTool.Run("quota", "on", volume).Expect(0);
        Assert.Equal(10, Entry(AditTool.Run("quota", volume, "--json").Expect(0).Json, "user", 1).GetProperty("hard_inodes").GetInt64());
        AditTool.Run("quota", "off", volume, "--forget").Expect(0);
        AditTool.Run("quota", "on", volume).Expect(0);
        Assert.DoesNotContain("daemon", AditTool.Run("quota", volume).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Mkfs_makes_a_volume_with_quotas()
    {
        using var folder = new TestFolder();
        var volume = folder["q.adit"];
        AditTool.Run("mkfs", volume, "--size", "64M", "--quota").Expect(0);
        Assert.Contains("user root", AditTool.Run("quota", volume).Expect(0).Output, StringComparison.Ordinal);
    }

    [MountFact]
    public void Mounted_volume_is_asked_through_its_owner_and_binds_its_clients()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        AditTool.Run("mount", volume, mount).Expect(0);
        File.WriteAllBytes(Path.Combine(mount, "before"), new byte[10_000]);
        AditTool.Run("quota", "on", mount).Expect(0);
        AditTool.Run("quota", "set", mount, "--user", "0", "--hard", "1G").Expect(0);
        File.WriteAllBytes(Path.Combine(mount, "after"), new byte[10_000]);

        foreach (var operand in new[] { mount, volume })
        {
            var root = Entry(AditTool.Run("quota", operand, "--user", "root", "--json").Expect(0).Json, "user", 0);
            Assert.Equal((24576L, 3L, 1L << 30), (root.GetProperty("used_bytes").GetInt64(), root.GetProperty("used_inodes").GetInt64(), root.GetProperty("hard_bytes").GetInt64()));
        }

        AditTool.Run("fsck", mount).Expect(0);
        AditTool.Run("umount", mount).Expect(0);
    }

    [Theory]
    [InlineData("quota")]
    [InlineData("quota", "set", "pool.adit", "--hard", "1G")]
    [InlineData("quota", "set", "pool.adit", "--user", "1", "--group", "1", "--hard", "1G")]
    [InlineData("quota", "set", "pool.adit", "--user", "1")]
    [InlineData("quota", "set", "pool.adit", "--user", "1", "--hard", "much")]
    [InlineData("quota", "set", "pool.adit", "--user", "1", "--inodes-hard", "-3")]
    [InlineData("quota", "set", "pool.adit", "--project", "web", "--hard", "1G")]
    [InlineData("quota", "grace", "pool.adit", "--bytes", "soon")]
    public void Wrong_usage_ends_with_2_and_an_example(params string[] arguments) =>
        Assert.NotEmpty(AditTool.Run(arguments).Expect(2).Errors);

    [Fact]
    public void Unknown_names_are_said_with_a_way_out() => Assert.Contains(
        "--user 1000", AditTool.Run("quota", "set", "pool.adit", "--user", "no-such-user", "--hard", "1G").Expect(1).Errors, StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 0, 0, "")]
    [InlineData(0, 0, 100, "[..........]   0 %")]
    [InlineData(1, 0, 100, "[#.........]   1 %")]
    [InlineData(55, 50, 100, "[#####.....]  55 % !")]
    [InlineData(100, 0, 100, "[##########] 100 %")]
    [InlineData(250, 100, 0, "[##########] 250 % !")]
    public void Bar_shows_the_share_of_the_limit(long used, long soft, long hard, string expected) =>
        Assert.Equal(expected, QuotaText.Bar(used, soft, hard));

    [Theory]
    [InlineData(null, "-")]
    [InlineData(-1, "over")]
    [InlineData(61, "2 min")]
    [InlineData(3 * 3600, "3 h")]
    [InlineData(7 * 24 * 3600, "7 days")]
    public void Grace_is_told_in_words(int? seconds, string expected)
    {
        var now = DateTimeOffset.UnixEpoch;
        Assert.Equal(expected, QuotaText.Grace(seconds is { } some ? now.AddSeconds(some) : null, now));
    }

    private static JsonElement Entry(JsonElement report, string kind, uint id) => Assert.Single(
        report.GetProperty("entries").EnumerateArray(), entry => entry.GetProperty("kind").GetString() == kind && entry.GetProperty("id").GetUInt32() == id);
}
