namespace Adit.Cli.CommandLine;

/// <summary>What the process returns. Scripts rely on the numbers.</summary>
internal enum ExitCode
{
    Done = 0,

    Failed = 1,

    /// <summary>Wrong usage: nothing was tried.</summary>
    Usage = 2,

    /// <summary>The volume is damaged.</summary>
    Damaged = 3,

    /// <summary>Another process has the volume, or files of a mount are in use.</summary>
    Busy = 4,
}
