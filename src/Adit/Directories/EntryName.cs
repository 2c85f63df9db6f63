using Adit.Format.Records;
using Adit.Interop;

namespace Adit.Directories;

/// <summary>What may be the name of an entry.</summary>
internal static class EntryName
{
    /// <summary>Whether these bytes can be looked for.</summary>
    public static Errno Check(ReadOnlySpan<byte> name)
    {
        if (name.Length > DirectoryEntryRecord.MaxNameBytes)
        {
            return Errno.ENAMETOOLONG;
        }

        return name.IsEmpty ? Errno.ENOENT : HasForeignBytes(name) ? Errno.EINVAL : Errno.Success;
    }

    private static bool HasForeignBytes(ReadOnlySpan<byte> name)
    {
        // Of a short name a loop is faster than the call of a general search.
        const int ShortBytes = 16;
        if (name.Length > ShortBytes)
        {
            return name.ContainsAny((byte)'/', (byte)0);
        }

        foreach (byte next in name)
        {
            if (next is (byte)'/' or 0)
            {
                return true;
            }
        }

        return false;
    }

    public static bool IsDot(ReadOnlySpan<byte> name) => name.Length == 1 && name[0] == '.';

    public static bool IsDotDot(ReadOnlySpan<byte> name) => name.Length == 2 && name[0] == '.' && name[1] == '.';

    public static bool IsDots(ReadOnlySpan<byte> name) => IsDot(name) || IsDotDot(name);
}
