using System.Runtime.InteropServices;

namespace Adit.CrashChild.Soak;

/// <summary>What a client knows of a file, beside its bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SoakFile
{
    public const int AttributeCount = 3;

    public int IsUsed;
    public uint Mode;
    public ulong Inode;
    public long Length;

    /// <summary>-1: whatever it is.</summary>
    public long ModifySeconds;

    /// <summary>0: not there. Decides on length and bytes.</summary>
    public fixed int Attributes[AttributeCount];
}
