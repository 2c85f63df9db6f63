namespace Adit.Format;

/// <summary>What is special about an extent. On the medium.</summary>
[Flags]
public enum ExtentFlags : uint
{
    None = 0,

    /// <summary>The blocks belong to the file but hold old bytes: they read as zeros.</summary>
    Unwritten = 1,

    /// <summary>Other owners have these blocks too: never overwritten in place.</summary>
    Shared = 2,
}
