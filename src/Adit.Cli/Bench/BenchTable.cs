using Adit.Cli.Bench.Cases;

namespace Adit.Cli.Bench;

/// <summary>The cases, in the order of the table.</summary>
internal static class BenchTable
{
    public static IReadOnlyList<BenchCase> Cases { get; } =
    [
        new ReadCase(),
        new OverwriteCase(),
        new AppendCase(),
        new PinCase(),
        new FirstTouchCase(),
        new SparseTouchCase(),
        new SparseSyncCase(),
        new CreateDeleteCase(),
        new ScalingCase(),
        new OpenManyFilesCase(),
        new AgedShareCase(),
        .. MountCases.All,
    ];
}
