namespace Adit.TestKit.Simulation;

/// <summary>Which of the undecided lines (or pages) an image takes as new.</summary>
public enum ImageMode
{
    /// <summary>None: only what is fenced.</summary>
    AllOld,

    /// <summary>All: as if the process alone had died.</summary>
    AllNew,

    /// <summary>Each by itself, at the probabilities given.</summary>
    Random,

    /// <summary>One alone.</summary>
    OnlyOne,

    /// <summary>All but one.</summary>
    AllButOne,

    /// <summary>The bits of a number say which: for going through all of them.</summary>
    Exhaustive,

    /// <summary>The first so many in the order of their addresses.</summary>
    Prefix,
}

/// <summary>How to make one image of a crash state.</summary>
/// <param name="Mode">Which units are new.</param>
/// <param name="Number">The unit, the bits or the count, for the modes that want one.</param>
/// <param name="PendingNew">Random: how probable new is for what was written or marked since the last fence.</param>
/// <param name="OtherNew">Random: the same for what was stored to and not marked.</param>
/// <param name="Torn">How probable it is that a unit is mixed of old and new parts.</param>
public readonly record struct ImageChoice(ImageMode Mode, long Number = 0, double PendingNew = 0.5, double OtherNew = 0.5, double Torn = 0)
{
    /// <summary>A choice that is likely to hurt: extremes as often as mixtures.</summary>
    public static ImageChoice Next(Random random, int unitCount)
    {
        double torn = random.Next(3) == 0 ? 0.3 : 0;
        return random.Next(10) switch
        {
            0 => new ImageChoice(ImageMode.AllOld),
            1 => new ImageChoice(ImageMode.AllNew),
            2 => new ImageChoice(ImageMode.OnlyOne, random.Next(Math.Max(1, unitCount)), Torn: torn),
            3 => new ImageChoice(ImageMode.AllButOne, random.Next(Math.Max(1, unitCount)), Torn: torn),
            4 => new ImageChoice(ImageMode.Prefix, random.Next(unitCount + 1), Torn: torn / 10),
            _ => new ImageChoice(ImageMode.Random, 0, Probability(random), Probability(random), torn),
        };
    }

    private static double Probability(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => 1,
        2 => 0.05,
        3 => 0.95,
        _ => 0.5,
    };
}
