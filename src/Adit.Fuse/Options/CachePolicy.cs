using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Nodes;

namespace Adit.Fuse.Options;

/// <summary>Which open files bypass the page cache.</summary>
internal static class CachePolicy
{
    private const uint AnyExecute = 0x49;

    /// <summary>Direct by default: the data already lies in memory, and another copy in the page cache costs more than it
    /// saves, except where small pieces are read again and again, as of programs and libraries. A file that is not accessed directly is cached, so that
    /// its checksums are not verified for the same bytes again and again. Mapping works either way.
    /// No flush at close: nothing is kept back that a close would have to write.</summary>
    public static OpenReplyFlags For(DaxMode dax, IOpenFile file, uint openFlags)
    {
        const OpenReplyFlags Direct = OpenReplyFlags.DirectIo | OpenReplyFlags.ParallelDirectWrites | OpenReplyFlags.NoFlush;
        return dax switch
        {
            DaxMode.Always => Direct,
            DaxMode.Never => OpenReplyFlags.NoFlush,
            _ => !file.IsDirect || IsProgram(file.Attributes.Mode, openFlags) ? OpenReplyFlags.NoFlush : Direct,
        };
    }

    private static bool IsProgram(uint mode, uint openFlags) =>
        (openFlags & OpenRequestFlags.ForExecution) != 0
        || ((openFlags & OpenRequestFlags.AccessMode) == 0 && (mode & AnyExecute) != 0);
}
