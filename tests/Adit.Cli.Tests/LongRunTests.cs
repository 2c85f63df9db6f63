using System.Text.Json;
using System.Text.RegularExpressions;

namespace Adit.Cli.Tests;

public sealed class LongRunTests
{
    [Fact]
    public void Crash_reports_images_dangers_and_no_violation()
    {
        var report = AditTool.Run("crash", "--seed", "5", "--sessions", "2", "--images", "500", "--json").Json;

        Assert.Equal(5, report.GetProperty("seed").GetInt32());
        Assert.InRange(report.GetProperty("images").GetInt64(), 1, 5000);
        Assert.Equal(0, report.GetProperty("violations").GetArrayLength());
        Assert.NotEmpty(report.GetProperty("dangers").EnumerateObject());
    }

    [Theory]
    [InlineData("--sequence", "20303", 2)]
    [InlineData("--images", "50", 1)]
    public void Systematic_crash_that_is_not_all_of_it_is_inconclusive(string limit, string value, int fewestVolumes)
    {
        var report = AditTool.Run("crash", "--systematic", "--seed", "1", limit, value, "--json").Expect(1).Json;

        Assert.True(report.GetProperty("inconclusive").GetBoolean());
        Assert.InRange(report.GetProperty("images").GetInt64(), 10, 1000);
        Assert.InRange(report.GetProperty("sessions").GetInt32(), fewestVolumes, 50);
        Assert.Equal(0, report.GetProperty("violations").GetArrayLength());
    }

    [Fact]
    public void Bench_prints_one_object_a_line_and_leaves_nothing()
    {
        var lines = AditTool.Run("bench", "--quick", "--case", "create-delete", "--json").Expect(0).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var result = JsonDocument.Parse(Assert.Single(lines)).RootElement;
        Assert.Equal("create-delete", result.GetProperty("case").GetString());
        Assert.Equal("pmem-emulated", result.GetProperty("medium").GetString());
        Assert.True(result.GetProperty("ns").GetDouble() > 0);
        Assert.True(result.GetProperty("baseline_ns").GetDouble() > 0);
        Assert.Equal(
            Math.Round(result.GetProperty("ns").GetDouble() / result.GetProperty("baseline_ns").GetDouble(), 2),
            Math.Round(result.GetProperty("ratio").GetDouble(), 2),
            0.02);
        Assert.Equal(0.1, result.GetProperty("goal").GetDouble());
        Assert.DoesNotContain(Directory.EnumerateDirectories("/dev/shm", "adit-bench-*"), IsAbandoned);
    }

    [MountFact]
    public void Bench_of_a_mount_names_every_file_system_beside_it_and_leaves_no_mount()
    {
        var result = AditTool.Run("bench", "--quick", "--case", "mount-open", "--json").Expect(0).Json;

        Assert.Equal("mount-open", result.GetProperty("case").GetString());
        Assert.Equal("bindfs", result.GetProperty("baseline").GetString());
        Assert.True(result.GetProperty("ns").GetDouble() > 0);
        Assert.All(["libfuse", "tmpfs"], peer => Assert.Contains(peer, result.GetProperty("detail").GetString()!, StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/dev/shm", "adit-bench-*"), IsAbandoned);
        var mounted = Regex.Matches(File.ReadAllText("/proc/self/mountinfo"), "/dev/shm/adit-bench-[0-9]+").Select(match => match.Value);
        Assert.DoesNotContain(mounted, IsAbandoned);
    }

    private static bool IsAbandoned(string folder) => !Directory.Exists("/proc/" + folder[(folder.LastIndexOf('-') + 1)..]);
}
