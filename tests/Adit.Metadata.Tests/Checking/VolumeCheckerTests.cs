using Adit.Checking;
using Adit.Metadata.Checking;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Checking;

/// <summary>A sound volume has no findings.</summary>
public sealed class VolumeCheckerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Check_of_a_sound_volume_finds_nothing(bool isClean)
    {
        using SampleVolume sample = new(isClean: isClean);

        CheckReport report = sample.Check();

        foreach (Finding finding in report.Findings)
        {
            output.WriteLine(finding.ToString());
        }

        Assert.True(report.IsSound);
        Assert.False(report.HasLoss);
        Assert.Equal(7 + (isClean ? 0 : 1), report.DirectoryCount);
        Assert.True(report.InodeCount > 300);
        Assert.Equal(sample.Contents.Count, sample.CountIntactFiles());
    }

    [Fact]
    public void Check_of_an_open_store_finds_nothing()
    {
        using SampleVolume sample = new();
        using Volume volume = sample.Open();
        volume.CreateDirectory("/more");
        volume.DeleteDirectory("/d1", recursive: true);

        CheckReport report = VolumeChecker.Check(volume.Store);

        Assert.Equal([], report.Findings);
    }

    [Fact]
    public void Check_beside_writers_finds_nothing()
    {
        using SampleVolume sample = new();
        using Volume volume = sample.Open();
        using CancellationTokenSource end = new();
        Exception? failure = null;
        Thread writer = new(() =>
        {
            try
            {
                for (int number = 0; !end.IsCancellationRequested; number++)
                {
                    string path = $"/d2/beside-{number % 50}";
                    using (AditFile file = volume.OpenFile(path, FileMode.Create))
                    {
                        file.Append(new byte[(number * 977) % 30_000]);
                    }

                    if (number % 3 == 0)
                    {
                        volume.Delete(path);
                    }
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        })
        {
            IsBackground = true,
        };
        writer.Start();
        for (int round = 0; round < 10; round++)
        {
            Assert.Equal([], VolumeChecker.Check(volume.Store).Findings);
        }

        end.Cancel();
        Assert.True(writer.Join(TimeSpan.FromSeconds(20)));
        Assert.Null(failure);
    }

    [Fact]
    public void Changes_go_on_in_the_middle_of_a_check()
    {
        using SampleVolume sample = new();
        using Volume volume = sample.Open();
        AddMany(volume);
        int changes = 0;
        Callback amid = new(step =>
        {
            int number = changes++;
            if (number >= 100)
            {
                return;
            }

            // The checking thread itself begins nothing: it holds checkpoints off.
            Exception? failure = null;
            Thread other = new(() => failure = Record.Exception(() => volume.CreateDirectory($"/amid-{number}"))) { IsBackground = true };
            other.Start();
            Assert.True(other.Join(TimeSpan.FromSeconds(10)), $"a change waits for the check, which is in {step.Phase}");
            Assert.Null(failure);
        });

        CheckReport report = VolumeChecker.Check(volume.Store, new CheckOptions { Progress = amid });

        Assert.Equal([], report.Findings);
        Assert.True(changes > 0, "no progress was reported: nothing is shown");
        Assert.True(volume.Exists("/amid-0"));
    }

    [Fact]
    public void Volume_is_closed_only_behind_its_check()
    {
        using SampleVolume sample = new();
        using (Volume filled = sample.Open())
        {
            AddMany(filled);
        }

        Volume volume = sample.Open(isReadOnly: true);
        Thread closer = new(volume.Dispose) { IsBackground = true };
        Callback amid = new(_ =>
        {
            if (closer.ThreadState.HasFlag(ThreadState.Unstarted))
            {
                closer.Start();
                Assert.False(closer.Join(100), "the volume is closed while it is checked");
            }
        });

        Assert.Equal([], VolumeChecker.Check(volume.Store, new CheckOptions { Progress = amid }).Findings);

        Assert.True(closer.Join(TimeSpan.FromSeconds(10)));
        Assert.Throws<ObjectDisposedException>(() => VolumeChecker.Check(volume.Store));
    }

    [Fact]
    public void Check_tells_how_far_it_is()
    {
        using SampleVolume sample = new();
        Recorder progress = new();

        VolumeChecker.Check(sample.Medium, new CheckOptions { Progress = progress });

        Assert.All(progress.Seen, step => Assert.InRange(step.Done, 0, step.Total));
    }

    [Fact]
    public void Repair_of_a_sound_volume_does_nothing()
    {
        using SampleVolume sample = new();
        byte[] before = sample.Bytes.ToArray();

        RepairReport report = sample.Repair();

        Assert.Equal([], report.Actions);
        Assert.True(sample.Bytes.SequenceEqual(before));
    }

    [Fact]
    public void Check_and_repair_of_what_is_no_volume_say_so()
    {
        using Media.MemoryMedium medium = new(SampleVolume.SizeBytes);

        Finding finding = Assert.Single(VolumeChecker.Check(medium).Findings);

        Assert.Equal(FindingKind.SuperblockMissing, finding.Kind);
        Assert.Throws<VolumeException>(() => VolumeRepairer.Repair(medium));
    }

    /// <summary>Enough that a check says how far it is more than once.</summary>
    private static void AddMany(Volume volume)
    {
        volume.CreateDirectory("/many");
        for (int i = 0; i < 12_000; i++)
        {
            volume.OpenFile($"/many/{i}", FileMode.CreateNew).Dispose();
        }
    }

    private sealed class Callback(Action<CheckProgress> action) : IProgress<CheckProgress>
    {
        public void Report(CheckProgress value) => action(value);
    }

    private sealed class Recorder : IProgress<CheckProgress>
    {
        public List<CheckProgress> Seen { get; } = [];

        public void Report(CheckProgress value) => Seen.Add(value);
    }
}
