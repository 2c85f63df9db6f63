using Adit.Interop.Linux;

namespace Adit.Media.Persistence;

/// <summary>Where a store must have arrived to survive power loss on this machine.</summary>
internal static class PersistenceDomain
{
    private const string Regions = "/sys/bus/nd/devices";

    /// <summary>Every region of persistent memory keeps what is in the caches (eADR), so that nothing needs to be
    /// written back.</summary>
    public static bool IncludesCaches { get; } = LibPmem.HasAutoFlush || EveryRegionKeepsCaches();

    private static bool EveryRegionKeepsCaches()
    {
        if (!Directory.Exists(Regions))
        {
            return false;
        }

        bool any = false;
        foreach (string region in Directory.EnumerateDirectories(Regions, "region*"))
        {
            string file = Path.Combine(region, "persistence_domain");
            if (!File.Exists(file) || File.ReadAllText(file).Trim() != "cpu_cache")
            {
                return false;
            }

            any = true;
        }

        return any;
    }
}
