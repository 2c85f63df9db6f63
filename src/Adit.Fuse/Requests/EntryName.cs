using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Requests;

/// <summary>The rules for a name in a request.</summary>
internal static class EntryName
{
    /// <summary>Takes a name and checks it.</summary>
    /// <returns>EINVAL for what no kernel sends, ENAMETOOLONG for what a user may ask.</returns>
    public static Errno Read(ref ArgumentCursor arguments, out ReadOnlySpan<byte> name)
    {
        if (!arguments.TryReadString(out name) || name.IsEmpty || name.Contains((byte)'/') || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
        {
            return Errno.EINVAL;
        }

        return name.Length > INodeOperations.MaxNameBytes ? Errno.ENAMETOOLONG : Errno.Success;
    }
}
