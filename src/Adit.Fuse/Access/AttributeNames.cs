using Adit.Interop;

namespace Adit.Fuse.Access;

/// <summary>The namespaces of extended attributes. The kernel checks who may use which, but passes any name on.</summary>
internal static class AttributeNames
{
    private static ReadOnlySpan<byte> Trusted => "trusted."u8;

    /// <returns>EOPNOTSUPP: no such namespace. EINVAL: nothing behind the namespace.</returns>
    public static Errno Check(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual(AccessControlList.AccessName) || name.SequenceEqual(AccessControlList.DefaultName))
        {
            return Errno.Success;
        }

        int dot = name.IndexOf((byte)'.') + 1;
        ReadOnlySpan<byte> space = name[..dot];
        return !space.SequenceEqual("user."u8) && !space.SequenceEqual(Trusted) && !space.SequenceEqual("security."u8) ? Errno.ENOTSUP
            : dot == name.Length ? Errno.EINVAL
            : Errno.Success;
    }

    /// <summary>There are names that only root sees.</summary>
    public static bool HasHidden(ReadOnlySpan<byte> names) => names.IndexOf(Trusted) >= 0;

    /// <summary>Drops from a list, of names with a zero behind each, what only root sees.</summary>
    /// <returns>How long the list is then.</returns>
    public static int KeepVisible(Span<byte> names, bool isRoot)
    {
        if (isRoot)
        {
            return names.Length;
        }

        int kept = 0;
        for (int at = 0; at < names.Length;)
        {
            int length = names[at..].IndexOf((byte)0) + 1;
            Span<byte> name = names.Slice(at, length);
            if (!name.StartsWith(Trusted))
            {
                name.CopyTo(names[kept..]);
                kept += length;
            }

            at += length;
        }

        return kept;
    }
}
