using Adit.Nodes;

namespace Adit.Cli.Commands;

/// <summary>Flags of inodes by the letters of lsattr(1) and chattr(1).</summary>
internal static class FlagLetters
{
    private static readonly (char Letter, FileFlags Flag)[] Known =
    [
        ('S', FileFlags.Sync), ('D', FileFlags.DirectorySync), ('i', FileFlags.Immutable), ('a', FileFlags.AppendOnly), ('d', FileFlags.NoDump),
        ('A', FileFlags.NoAccessTime), ('P', FileFlags.ProjectInherit), ('x', FileFlags.DirectAccess),
    ];

    /// <summary>All letters, for messages.</summary>
    public const string All = "SDiadAPx";

    /// <returns>False when a letter is none of a flag, or there is none.</returns>
    public static bool TryParse(ReadOnlySpan<char> letters, out FileFlags flags)
    {
        flags = FileFlags.None;
        foreach (var letter in letters)
        {
            var known = Array.Find(Known, pair => pair.Letter == letter);
            if (known.Flag == FileFlags.None)
            {
                return false;
            }

            flags |= known.Flag;
        }

        return flags != FileFlags.None;
    }

    /// <summary>The letters of flags, in the order of lsattr.</summary>
    public static string Format(FileFlags flags) =>
        string.Concat(Known.Where(pair => (flags & pair.Flag) != 0).Select(pair => pair.Letter));
}
