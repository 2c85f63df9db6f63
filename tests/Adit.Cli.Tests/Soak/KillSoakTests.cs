using System.Globalization;
using Xunit.Abstractions;

namespace Adit.Cli.Tests.Soak;

/// <summary>Everything that a mount does, at once, while its servers and its clients are killed: no client sees an error, nothing acknowledged is lost, and
/// memory, descriptors and lookup counts stay flat.</summary>
public sealed class KillSoakTests(ITestOutputHelper output)
{
    private static readonly SoakPlan Short = new()
    {
        Medium = "pmem-emulated",
        Seed = 1,
        Rounds = 1,
        Deadly = TimeSpan.FromSeconds(4),
        Quiet = TimeSpan.FromSeconds(2.5),
        WarmUp = TimeSpan.FromSeconds(1),
        ClientCount = 2,
        LongestLifeOfClient = TimeSpan.FromSeconds(4),
        FewestServerDeaths = 1,
        FewestClientDeaths = 2,
        FewestRequests = 2000,
    };

    [MountFact]
    public void Servers_and_clients_killed_for_seconds_cost_nobody_anything() => Run(Short);

    [MountFact]
    [Trait("Tier", "long")]
    public void Servers_and_clients_killed_for_half_an_hour_cost_nobody_anything() => Run(Long("pmem-emulated", Minutes, seed: 2));

    [MountFact]
    [Trait("Tier", "long")]
    public void Servers_and_clients_of_a_file_killed_for_minutes_cost_nobody_anything() => Run(Long("file", Math.Min(6, Minutes), seed: 3));

    /// <summary>Of the long soak: <c>ADIT_SOAK_MINUTES</c>, otherwise 30.</summary>
    private static double Minutes => double.Parse(Environment.GetEnvironmentVariable("ADIT_SOAK_MINUTES") ?? "30", CultureInfo.InvariantCulture);

    private static SoakPlan Long(string medium, double minutes, int seed) => new()
    {
        Medium = medium,
        Seed = seed,
        Rounds = 3,
        Deadly = TimeSpan.FromMinutes(minutes * 0.2),
        Quiet = TimeSpan.FromMinutes(minutes * 2 / 15),
        WarmUp = TimeSpan.FromMinutes(minutes / 30),
        LongestLifeOfClient = TimeSpan.FromSeconds(20),
        FewestServerDeaths = (int)(minutes * 2),
        FewestClientDeaths = (int)(minutes * 4),

        // A machine that does nothing else makes fifty times as many.
        FewestRequests = (long)(minutes * 50_000),
    };

    private void Run(SoakPlan plan)
    {
        using SoakRun run = new(plan, output);
        run.Run();
    }
}
