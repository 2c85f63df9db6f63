using Adit.Nodes;

namespace Adit.Fuse.Requests;

/// <summary>The O_* flags of open(2) on Linux (x86-64 and arm64 agree on these).</summary>
internal static class OpenRequestFlags
{
    public const uint AccessMode = 3;
    public const uint WriteOnly = 1;
    public const uint ReadWrite = 2;
    public const uint Exclusive = 0x80;
    public const uint Truncate = 0x200;
    public const uint Append = 0x400;
    public const uint DataSync = 0x1000;
    public const uint Direct = 0x4000;
    public const uint Sync = 0x101000;

    /// <summary>The kernel's own: opened to be executed.</summary>
    public const uint ForExecution = 0x20;

    public static bool Writes(uint flags) => (flags & AccessMode) is WriteOnly or ReadWrite || (flags & Truncate) != 0;

    public static OpenIntent ToIntent(uint flags)
    {
        OpenIntent intent = (flags & AccessMode) switch
        {
            0 => OpenIntent.Read,
            WriteOnly => OpenIntent.Write,
            _ => OpenIntent.ReadWrite,
        };
        intent |= (flags & Truncate) != 0 ? OpenIntent.Truncate : 0;
        intent |= (flags & Append) != 0 ? OpenIntent.Append : 0;
        return intent | ToDurability(flags);
    }

    public static OpenIntent ToDurability(uint flags) =>
        (flags & Sync) == Sync ? OpenIntent.Sync : (flags & DataSync) != 0 ? OpenIntent.DataSync : 0;
}
