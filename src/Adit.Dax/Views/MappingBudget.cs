namespace Adit.Dax.Views;

/// <summary>How many of the process's mappings views may have: three quarters of what the kernel allows (vm.max_map_count). The rest
/// is for the runtime, which ends the process when it cannot map.</summary>
/// <remarks>Thread-safe.</remarks>
internal static class MappingBudget
{
    private const int KernelDefault = 65530;

    private static long _taken;

    public static long Limit { get; } = ReadLimit() / 4 * 3;

    /// <returns>False: that many are not to be had, and none were taken.</returns>
    public static bool TryTake(long count)
    {
        if (Interlocked.Add(ref _taken, count) <= Limit)
        {
            return true;
        }

        Return(count);
        return false;
    }

    public static void Return(long count) => Interlocked.Add(ref _taken, -count);

    private static long ReadLimit()
    {
        const string Setting = "/proc/sys/vm/max_map_count";
        return File.Exists(Setting) && long.TryParse(File.ReadAllText(Setting).Trim(), out long limit) ? limit : KernelDefault;
    }
}
