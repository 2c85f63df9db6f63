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

        return name.IsEmpty ? Errno.ENOENT : name.ContainsAny((byte)'/', (byte)0) ? Errno.EINVAL : Errno.Success;
    }

    public static bool IsDot(ReadOnlySpan<byte> name) => name.Length == 1 && name[0] == '.';

    public static bool IsDotDot(ReadOnlySpan<byte> name) => name.Length == 2 && name[0] == '.' && name[1] == '.';

    public static bool IsDots(ReadOnlySpan<byte> name) => IsDot(name) || IsDotDot(name);
}
