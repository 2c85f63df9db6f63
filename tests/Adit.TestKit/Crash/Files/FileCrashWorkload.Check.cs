using Adit.Checking;
using Adit.Interop;
using Adit.TestKit.Model;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash.Files;

public sealed partial class FileCrashWorkload
{
    /// <summary>Numbers of handles opened after a recovery, apart from those before it.</summary>
    private const int GoOnSteps = 8;

    public string? Check(SimulatedMedium image, ImageUse use)
    {
        using VolumeHolder opened = new(Volume.Open(image, VolumeOptions));
        use.Recovered?.Invoke();
        ObservedState observed = VolumeObserver.Observe(opened.Volume);
        if (Match(observed, out string? difference) is not { } found)
        {
            return difference;
        }

        Random random = new(use.Seed);
        if (random.Next(100) < options.CheckPercent && CheckStructure(opened.Volume) is { } finding)
        {
            return finding;
        }

        return use.GoOn ? GoOn(opened, image, observed, found, random) : null;
    }

    /// <summary>Finds the candidate that the volume equals, but for words of unacknowledged overwrites.</summary>
    private ModelState? Match(ObservedState observed, out string? difference)
    {
        difference = null;
        List<string> differences = [];
        foreach (ModelState candidate in _history.Candidates)
        {
            difference = StateComparison.FindDifference(observed, candidate, AllowWord);
            if (difference is null)
            {
                return candidate;
            }

            differences.Add(difference);
        }

        differences.Reverse();
        difference = $"no prefix of the operations gives this state; {_history.UnacknowledgedCount} unacknowledged{(HasOperationInFlight ? ", one in flight" : "")}"
            + $"\n  against each, oldest first: {string.Join("; ", differences.Take(8))}";
        return null;
    }

    /// <summary>In-place changes are not atomic and, until they are acknowledged, not ordered: each aligned word may be what it was on the
    /// medium in any state that is possible now. A state in which the file ends in the word left the bytes behind that end as they
    /// were.</summary>
    private bool AllowWord(ModelNode node, long offsetBytes, ulong word)
    {
        ulong mask = WordMask(node, offsetBytes);
        ulong onMedium = 0;
        foreach (ModelState candidate in _history.OldestFirst)
        {
            if (candidate.Nodes.TryGetValue(node.Id, out ModelNode? then))
            {
                ulong maskThen = WordMask(then, offsetBytes);
                onMedium = (onMedium & ~maskThen) | (then.Content.Word(offsetBytes) & maskThen);
                if (maskThen != 0 && (onMedium & mask) == word)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Ones for the bytes of a word that a file has.</summary>
    private static ulong WordMask(ModelNode node, long offsetBytes)
    {
        long bytes = Math.Clamp(node.Content.LengthBytes - offsetBytes, 0, sizeof(ulong));
        return bytes == 0 ? 0 : ulong.MaxValue >> (int)(64 - (8 * bytes));
    }

    private static string? CheckStructure(Volume volume)
    {
        CheckReport report = VolumeChecker.Check(volume.Store);
        return report.IsSound ? null : $"the checker found {report.FindingCount} things, first {string.Join("; ", report.Findings.Take(4))}";
    }

    /// <summary>Life after the crash: operations compared with the model, a close or another death, and a second opening.</summary>
    private string? GoOn(VolumeHolder opened, SimulatedMedium image, ObservedState observed, ModelState found, Random random)
    {
        // Overwrites that were under way left words of either side; what is there now is what counts from here on.
        ModelFileSystem model = new(ObservedContent.Adopt(found.WithoutHandles(), observed));
        OperationGenerator generator = new(random.Next(), options.Mix);
        using (VolumeDriver driver = new(opened.Volume))
        {
            ModelRunner runner = new(driver, model);
            for (int i = random.Next(1, GoOnSteps); i > 0; i--)
            {
                runner.Run(generator.Next(model.State));
            }

            foreach (int handle in model.State.Handles.Keys)
            {
                runner.Run(new CloseOperation(handle));
            }

            runner.CompareState();
        }

        if (random.Next(2) == 0)
        {
            opened.Close();
        }
        else
        {
            opened.Volume.Sync();
            opened.Volume.Abandon();
        }

        opened.Volume = Volume.Open(image, VolumeOptions);
        string? difference = StateComparison.FindDifference(VolumeObserver.Observe(opened.Volume), model.State);
        return difference is null
            ? CheckStructure(opened.Volume)
            : $"after recovery, some operations and another opening: {difference}";
    }

    /// <summary>A volume that is let go of without touching its medium.</summary>
    private sealed class VolumeHolder(Volume volume) : IDisposable
    {
        public Volume Volume { get; set; } = volume;

        public void Close() => Volume.Dispose();

        public void Dispose() => Volume.Abandon();
    }
}
