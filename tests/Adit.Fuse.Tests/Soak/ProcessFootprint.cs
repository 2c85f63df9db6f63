namespace Adit.Fuse.Tests.Soak;

/// <summary>What this process holds that could leak.</summary>
internal readonly record struct ProcessFootprint(int Descriptors, int Mappings, long ManagedBytes)
{
    public static ProcessFootprint Take()
    {
        long managed = 0;
        for (int i = 0; i < 3; i++)
        {
            managed = GC.GetTotalMemory(forceFullCollection: true);
            GC.WaitForPendingFinalizers();
        }

        return new ProcessFootprint(
            Directory.GetFileSystemEntries("/proc/self/fd").Length, File.ReadLines("/proc/self/maps").Count(), managed);
    }
}
