using Adit.Checking;
using Adit.Metadata.Checking;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Checking;

/// <summary>Each kind of damage is found by its name and mended, and whatever it does not concern is as before.</summary>
public sealed class RepairTests(ITestOutputHelper output)
{
    private static readonly Lazy<SampleVolume> Sound = new(() => new SampleVolume());

    public static TheoryData<string> Kinds => [.. Damage.All.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Planted_damage_is_found_and_repaired(string name)
    {
        Damage damage = Damage.All[name];
        using SampleVolume sample = Sound.Value.Copy();
        damage.Plant(sample);

        CheckReport found = sample.Check();
        Print("found", found);
        Assert.Contains(found.Findings, finding => finding.Kind == damage.Expected);

        RepairReport repair = sample.Repair();
        foreach (string action in repair.Actions)
        {
            output.WriteLine(action);
        }

        Print("left", repair.After);
        Assert.True(repair.After.IsSound);
        Assert.NotEmpty(repair.Actions.Concat(damage.Expected == FindingKind.SuperblockCopy ? ["opened"] : []));
        Assert.True(sample.Check().IsSound);
        Assert.InRange(sample.CountIntactFiles(), sample.Contents.Count - damage.LostFiles, sample.Contents.Count);
        using Volume volume = sample.Open();
        volume.CreateDirectory("/works-again");
        using AditFile file = volume.OpenFile("/works-again/file", FileMode.Create);
        file.Append(new byte[100_000]);
    }

    [Fact]
    public void Every_node_in_turn_can_be_lost()
    {
        List<long> nodes = [];
        for (int level = 0; level <= Sound.Value.ReadSuperblock().RootLevel; level++)
        {
            nodes.AddRange(Sound.Value.NodesAt(level));
        }

        int step = Math.Max(1, nodes.Count / 12);
        for (int index = 0; index < nodes.Count; index += step)
        {
            using SampleVolume sample = Sound.Value.Copy();
            sample.Bytes.Slice((int)nodes[index] << 12, 4096).Fill(0xA5);
            RepairReport repair = sample.Repair();
            Assert.True(repair.Before.HasLoss);
            Assert.True(repair.After.IsSound, $"node {nodes[index]}: {string.Join("; ", repair.After.Findings.Take(5))}");
            sample.CountIntactFiles();
        }
    }

    [Fact]
    public void Nameless_files_are_found_in_lost_and_found_with_their_bytes()
    {
        using SampleVolume sample = Sound.Value.Copy();
        const string path = "/d1/file-with-a-rather-long-name-3";
        ulong inode = sample.InodeOf(path).Value;
        Damage.All["inode unnamed"].Plant(sample);

        sample.Repair();

        using Volume volume = sample.Open();
        using AditFile file = volume.OpenFile($"/lost+found/#{inode}", FileMode.Open, FileAccess.Read);
        byte[] content = new byte[sample.Contents[path].Length];
        Assert.Equal(content.Length, file.Read(0, content));
        Assert.Equal(sample.Contents[path], content);
    }

    [Fact]
    public void Log_behind_a_damaged_tree_is_not_lost()
    {
        using SampleVolume sample = new(isClean: false);
        sample.Bytes.Slice((int)sample.ReadSuperblock().RootBlock << 12, 4096).Clear();

        RepairReport repair = sample.Repair();

        Assert.Contains(repair.Before.Findings, finding => finding.Kind == FindingKind.LogNotApplied);
        Assert.True(repair.After.IsSound);
        Assert.Equal(sample.Contents.Count, sample.CountIntactFiles());
        using Volume volume = sample.Open();
        Assert.True(volume.Exists("/late/file"));
    }

    private void Print(string what, CheckReport report)
    {
        foreach (Finding finding in report.Findings.Take(20))
        {
            output.WriteLine($"{what}: {finding}");
        }
    }
}
