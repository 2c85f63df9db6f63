using System.Runtime.InteropServices;

namespace Adit.CrashChild.Soak;

/// <summary>What a client tells while it runs. It alone stores here, but for <see cref="IsToStop"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SoakCounters
{
    public const int MaxOperations = 64;

    public ulong Magic;

    /// <summary>Stored by whoever wants it to compare everything and end.</summary>
    public int IsToStop;

    /// <summary>Processes that were this client, one after another.</summary>
    public int Incarnations;

    /// <summary>The one now has compared what the one before left.</summary>
    public int IsReady;

    /// <summary>Files that are open and have no name.</summary>
    public int NamelessCount;

    /// <summary>Operations, of all incarnations.</summary>
    public long OperationCount;

    /// <summary>The longest that one took, in nanoseconds.</summary>
    public long LongestNs;

    /// <summary>Changes that a death cut short: found done, found not done, found partly done (bytes only).</summary>
    public long FoundDone;
    public long FoundNotDone;
    public long FoundPartlyDone;

    /// <summary>Records of the common log: acknowledged, and begun.</summary>
    public long LogAcknowledged;
    public long LogBegun;

    public fixed long Operations[MaxOperations];
}
