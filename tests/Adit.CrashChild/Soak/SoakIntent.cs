using System.Runtime.InteropServices;

namespace Adit.CrashChild.Soak;

/// <summary>How far a change has come.</summary>
public enum SoakIntentState
{
    /// <summary>None is under way.</summary>
    None = 0,

    /// <summary>The call has not returned: what is there is the old or the new.</summary>
    Pending = 1,

    /// <summary>The call has returned: the new is there.</summary>
    Acknowledged = 2,
}

/// <summary>A change that a client makes, noted before the call. All that it changes in the model can be done again from here.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SoakIntent
{
    /// <summary>Stored last.</summary>
    public int State;

    public SoakOperation Operation;

    /// <summary>Names that change, or -1; what they stand for before and after.</summary>
    public int FirstSlot;
    public int SecondSlot;
    public long FirstOld;
    public long FirstNew;
    public long SecondOld;
    public long SecondNew;

    /// <summary>A file that changes, or -1.</summary>
    public int File;

    /// <summary>The source of a copy, or -1.</summary>
    public int SourceFile;
    public long SourceOffset;

    /// <summary>Bytes that change.</summary>
    public long Offset;
    public long Length;

    /// <summary>The file's length afterwards.</summary>
    public long NewFileLength;

    /// <summary>Where the new bytes begin in the noise; -1: zeros; -2: nothing but the length changes.</summary>
    public long Noise;

    /// <summary>Mode, seconds, or number and value of an extended attribute.</summary>
    public long Value;
    public int AttributeIndex;
}
