using Adit.Checking;
using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Checking;

/// <summary>Images with random bytes changed where checksums cover them: they open, are refused or repaired; what is read is right or
/// an error; nothing crashes or hangs.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void Mutated_images_open_are_refused_or_repaired() => Run(seed: 1, first: 0, end: 300);

    [Fact]
    [Trait("Tier", "long")]
    public void Many_mutated_images_open_are_refused_or_repaired()
    {
        int seed = SettingOf("ADIT_SEED", Environment.TickCount & 0xFFFFFF);
        output.WriteLine($"ADIT_SEED={seed} ADIT_MUTATION=number replays one");
        int only = SettingOf("ADIT_MUTATION", -1);
        if (only >= 0)
        {
            Run(seed, only, only + 1);
        }
        else
        {
            Run(seed, 0, 10_000);
        }
    }

    private static int SettingOf(string name, int value) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text) : value;

    private void Run(int seed, int first, int end)
    {
        using SampleVolume clean = new(seed, isTiny: true);
        using SampleVolume logged = new(seed + 1, isClean: false, isTiny: true);
        using SampleVolume scratch = clean.Copy();
        using SampleVolume scratchLogged = logged.Copy();
        Tally tally = new();
        for (int number = first; number < end; number++)
        {
            (SampleVolume sound, SampleVolume victim) = number % 3 == 0 ? (logged, scratchLogged) : (clean, scratch);
            Guarded(() => OpenMutated(sound, victim, Mutate(sound, victim, new Random((seed * 100_003) + number)), tally), number);
            Guarded(() => RepairMutated(sound, victim, Mutate(sound, victim, new Random((seed * 100_003) + number)), tally), number);
        }

        output.WriteLine($"seed {seed}: {tally}");
        Assert.True(end - first < 100 || (tally.Refused > 0 && tally.Unreadable > 0 && tally.Rebuilt > 0 && tally.Unharmed > 0), $"seed {seed}: no danger met: {tally}");
    }

    /// <summary>Runs on a thread that can be given up.</summary>
    private static void Guarded(Action action, int number)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        Assert.True(thread.Join(Limit), $"mutation {number} hangs");
        Assert.True(failure is null, $"mutation {number}: {failure}");
    }

    private static string Mutate(SampleVolume sound, SampleVolume victim, Random random)
    {
        sound.Bytes.CopyTo(victim.Bytes);
        Superblock superblock = sound.ReadSuperblock();
        List<long> nodes = [];
        for (int level = 0; level <= superblock.RootLevel; level++)
        {
            nodes.AddRange(sound.NodesAt(level));
        }

        List<string> what = [];
        for (int count = random.Next(1, 5); count > 0; count--)
        {
            long block = random.Next(20) switch
            {
                < 2 => 0,
                < 4 => Superblock.SecondCopyBlock,
                < 7 => superblock.NodeMapStart,
                < 9 when superblock.NodeMapChain != 0 => superblock.NodeMapChain,
                < 12 => superblock.LogStart + random.Next(2),
                _ => nodes[random.Next(nodes.Count)],
            };
            int index = random.Next(3) == 0 ? random.Next(Geometry.BlockSize) : random.Next(512);
            byte before = victim.Bytes[((int)block << Geometry.BlockShift) + index];
            byte after = (byte)(random.Next(3) switch
            {
                0 => before ^ (1 << random.Next(8)),
                1 => 0,
                _ => random.Next(256),
            });
            victim.Bytes[((int)block << Geometry.BlockShift) + index] = after;
            what.Add($"block {block} byte {index}: {before:x2} to {after:x2}");
        }

        return string.Join(", ", what);
    }

    private static void OpenMutated(SampleVolume sound, SampleVolume victim, string mutation, Tally tally)
    {
        Volume volume;
        try
        {
            volume = victim.Open();
        }
        catch (Exception refusal) when (refusal is VolumeException or MediumException or AditException)
        {
            tally.Refused++;
            return;
        }

        using (volume)
        {
            bool isHarmed = false;
            foreach ((string path, byte[] content) in sound.Contents)
            {
                try
                {
                    using AditFile file = volume.OpenFile(path, FileMode.Open, FileAccess.Read);
                    byte[] read = new byte[content.Length + 1];
                    int length = file.Read(0, read);
                    Assert.True(read.AsSpan(0, length).SequenceEqual(content), $"{path} is silently wrong after {mutation}");
                }
                catch (AditException error)
                {
                    Assert.True(error.Errno is Errno.EIO or Errno.EUCLEAN, $"{path}: {error.Errno} after {mutation}");
                    isHarmed = true;
                }
            }

            _ = isHarmed ? tally.Unreadable++ : tally.Unharmed++;
        }
    }

    private static void RepairMutated(SampleVolume sound, SampleVolume victim, string mutation, Tally tally)
    {
        RepairReport report;
        try
        {
            report = victim.Repair();
        }
        catch (VolumeException)
        {
            tally.BeyondRepair++;
            bool hasSuperblock = Superblock.TryRead(victim.Bytes[..Superblock.SizeBytes], out _)
                || Superblock.TryRead(victim.Bytes.Slice((int)Superblock.SecondCopyBlock << Geometry.BlockShift, Superblock.SizeBytes), out _);
            Assert.False(hasSuperblock, $"a volume with a superblock can be repaired: {mutation}");
            return;
        }

        Assert.True(report.After.IsSound, $"after {mutation}: {string.Join("; ", report.After.Findings.Take(5))}");
        int intact = victim.CountIntactFiles();
        if (report.Actions.Count == 0)
        {
            Assert.Equal(sound.Contents.Count, intact);
        }

        _ = report.Before.StructuralCount > 0 ? tally.Rebuilt++ : tally.Untouched++;
        tally.Lost += sound.Contents.Count - intact;
    }

    private sealed class Tally
    {
        public int Refused { get; set; }

        public int Unreadable { get; set; }

        public int Unharmed { get; set; }

        public int BeyondRepair { get; set; }

        public int Rebuilt { get; set; }

        public int Untouched { get; set; }

        public int Lost { get; set; }

        public override string ToString() =>
            $"opening: {Refused} refused, {Unreadable} in part unreadable, {Unharmed} unharmed; repair: {Rebuilt} rebuilt, "
            + $"{Untouched} untouched, {BeyondRepair} without a superblock; {Lost} files lost";
    }
}
