namespace Adit.TestKit.Simulation;

/// <summary>What persists together, and what a fence costs.</summary>
public enum DurabilityModel
{
    /// <summary>Persistent memory: lines of 64 bytes persist in any order and may be torn at 8 bytes; fences are cheap.</summary>
    CacheLine,

    /// <summary>An ordinary file: pages of 4 KiB persist in any order and may be torn at 512 bytes (now and then at 8, which
    /// is more than the medium promises to spare); fences are dear.</summary>
    Page,
}
