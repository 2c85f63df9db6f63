namespace Adit.CrashChild.Soak;

/// <summary>What a name stands for, as a number: nothing, a file of the model, a symbolic link to a numbered target, or an empty directory.</summary>
public static class SoakSlot
{
    public const long Nothing = 0;
    public const long Directory = 3L << 32;
    private const long FileKind = 1L << 32;
    private const long LinkKind = 2L << 32;

    public static long OfFile(int file) => FileKind | (uint)file;

    public static long OfLink(int target) => LinkKind | (uint)target;

    public static bool IsFile(long slot) => slot >> 32 == 1;

    public static bool IsLink(long slot) => slot >> 32 == 2;

    /// <summary>The file, or the link's target.</summary>
    public static int Value(long slot) => (int)slot;
}
