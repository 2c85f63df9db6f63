using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Requests;

/// <summary>The rules for a name in a request.</summary>
internal static class EntryName
{
    /// <summary>Takes a name that may also be that of the directory itself or of the one above.</summary>
    public static Errno ReadForLookup(ref ArgumentCursor arguments, out ReadOnlySpan<byte> name)
    {
        ArgumentCursor looked = arguments;
        if (looked.TryReadString(out name) && (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8)))
        {
            return Errno.Success;
        }

        return Read(ref arguments, out name);
    }

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
