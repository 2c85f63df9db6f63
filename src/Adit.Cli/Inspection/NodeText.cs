using System.Globalization;
using Adit.Nodes;

namespace Adit.Cli.Inspection;

/// <summary>Attributes as text.</summary>
internal static class NodeText
{
    public static string TypeOf(FileType type) => type switch
    {
        FileType.Regular => "file",
        FileType.Directory => "directory",
        FileType.SymbolicLink => "symlink",
        FileType.Fifo => "fifo",
        FileType.Socket => "socket",
        FileType.BlockDevice => "block",
        FileType.CharacterDevice => "character",
        _ => "unknown",
    };

    public static string Octal(uint permissions) => "0" + Convert.ToString(permissions, 8).PadLeft(3, '0');

    /// <summary>UTC, ISO 8601 with nanoseconds; seconds since 1970 where the calendar ends.</summary>
    public static string Time(Timestamp time)
    {
        if (time.Seconds is < -62135596800 or > 253402300799)
        {
            return string.Create(CultureInfo.InvariantCulture, $"@{time.Seconds}.{time.Nanoseconds:d9}");
        }

        var moment = DateTime.UnixEpoch.AddSeconds(time.Seconds);
        return string.Create(CultureInfo.InvariantCulture, $"{moment:yyyy-MM-ddTHH:mm:ss}.{time.Nanoseconds:d9}Z");
    }

    /// <summary>As ls -l shows it: <c>drwxr-xr-x</c>.</summary>
    public static string Mode(uint mode)
    {
        Span<char> text = stackalloc char[10];
        text[0] = (FileType)(mode & 0xF000) switch
        {
            FileType.Directory => 'd',
            FileType.SymbolicLink => 'l',
            FileType.Fifo => 'p',
            FileType.Socket => 's',
            FileType.BlockDevice => 'b',
            FileType.CharacterDevice => 'c',
            _ => '-',
        };
        for (var bit = 0; bit < 9; bit++)
        {
            text[1 + bit] = (mode & (0x100u >> bit)) != 0 ? "rwx"[bit % 3] : '-';
        }

        MarkSpecial(text, 3, (mode & 0x800) != 0, 's', 'S');
        MarkSpecial(text, 6, (mode & 0x400) != 0, 's', 'S');
        MarkSpecial(text, 9, (mode & 0x200) != 0, 't', 'T');
        return new string(text);
    }

    private static void MarkSpecial(Span<char> text, int index, bool isSet, char withExecute, char without)
    {
        if (isSet)
        {
            text[index] = text[index] == 'x' ? withExecute : without;
        }
    }
}
