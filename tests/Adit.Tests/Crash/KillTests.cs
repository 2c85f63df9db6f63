using System.Diagnostics;
using System.Globalization;
using Adit.Checking;
using Adit.TestKit;
using Adit.TestKit.Model;
using Adit.TestKit.Processes;
using Xunit.Abstractions;

namespace Adit.Tests.Crash;

/// <summary>A process that writes to a volume in an ordinary file is killed; what it had synced is whole.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const long VolumeBytes = 256 << 20;
    private static readonly TimeSpan LongestOpening = TimeSpan.FromSeconds(1);

    [Fact]
    public void Killed_writer_leaves_every_synced_file_whole() => KillOften(rounds: 2, seed: 1);

    [Fact]
    [Trait("Tier", "long")]
    public void Writer_killed_twenty_times_leaves_every_synced_file_whole() => KillOften(rounds: 20, seed: 100);

    private void KillOften(int rounds, int seed)
    {
        using TemporaryDirectory folder = new();
        string path = folder.File("volume.adit");
        Random random = new(seed);
        int files = 0;
        for (int round = 0; round < rounds; round++)
        {
            Volume.Format(path, new CreateOptions { SizeBytes = VolumeBytes, Force = true });
            int killAfterMs = random.Next(5, 600);
            output.WriteLine($"seed {seed + round}, killed {killAfterMs} ms after its first file");
            files += CheckAfterKill(path, RunAndKill(path, seed + round, killAfterMs));
        }

        Assert.True(files > rounds, "too few files were acknowledged before the kills: nothing is shown");
    }

    /// <summary>Starts the writer, lets it live for a while after its first file, and kills it.</summary>
    /// <returns>Its acknowledgements.</returns>
    private static IReadOnlyList<string> RunAndKill(string path, int seed, int killAfterMs)
    {
        using AcknowledgingChild child = AcknowledgingChild.Start("write", path, seed.ToString(CultureInfo.InvariantCulture));
        Thread.Sleep(killAfterMs);
        Assert.False(child.HasEnded, $"the writer ended before it was killed: {child.Errors}");
        return child.Kill();
    }

    /// <returns>How many files were acknowledged and found whole.</returns>
    private static int CheckAfterKill(string path, IReadOnlyList<string> acknowledged)
    {
        Dictionary<int, (int LengthBytes, ulong Seed)> expected = [];
        HashSet<int> deleted = [];
        foreach (string[] fields in acknowledged.Select(line => line.Split(' ')))
        {
            int number = int.Parse(fields[0], CultureInfo.InvariantCulture);
            int lengthBytes = int.Parse(fields[1], CultureInfo.InvariantCulture);
            if (lengthBytes < 0)
            {
                deleted.Add(number);
            }
            else
            {
                expected.Add(number, (lengthBytes, ulong.Parse(fields[2], CultureInfo.InvariantCulture)));
            }
        }

        Stopwatch opening = Stopwatch.StartNew();
        using Volume volume = Volume.Open(path);
        opening.Stop();
        Assert.True(opening.Elapsed < LongestOpening, $"opening took {opening.Elapsed.TotalMilliseconds:f0} ms");
        int whole = 0;
        foreach ((int number, (int lengthBytes, ulong seed)) in expected)
        {
            // Every third file's forerunner is deleted behind it: that may have become durable or not, said or not.
            bool mayBeGone = deleted.Contains(number) || number % 3 == 1;
            string name = string.Create(CultureInfo.InvariantCulture, $"/{seed >> 32}-{number}");
            if (mayBeGone && !volume.Exists(name))
            {
                continue;
            }

            using AditFile file = volume.OpenFile(name, FileMode.Open, FileAccess.Read);
            byte[] found = new byte[lengthBytes];
            Assert.Equal(lengthBytes, file.Length);
            Assert.Equal(lengthBytes, file.Read(0, found));
            Assert.True(found.AsSpan().SequenceEqual(Pattern.Make(lengthBytes, seed)), $"{name} holds other bytes than were synced");
            whole++;
        }

        CheckReport report = VolumeChecker.Check(volume.Store);
        Assert.True(report.IsSound, string.Join("; ", report.Findings.Take(5)));
        return whole;
    }
}
