using System.Globalization;
using System.Text;

namespace Adit.Fuse.Mounting;

/// <summary>The mounts this process sees, from /proc/self/mountinfo. Reading it touches no mounted file system, so it
/// is safe when a server hangs or is dead.</summary>
public static class MountTable
{
    /// <summary>All mounts, in the order they were made.</summary>
    public static IReadOnlyList<MountTableEntry> Read() => Parse(File.ReadLines("/proc/self/mountinfo"));

    /// <summary>The topmost mount exactly at a path, or null.</summary>
    /// <param name="path">Absolute, without symbolic links.</param>
    public static MountTableEntry? Find(string path) => Read().LastOrDefault(entry => entry.MountPoint == path);

    internal static List<MountTableEntry> Parse(IEnumerable<string> lines)
    {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        List<MountTableEntry> entries = [];
        foreach (string line in lines)
        {
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (fields.Length < 6 || dash < 6 || fields.Length < dash + 3)
            {
                continue;
            }

            string minor = fields[2][(fields[2].IndexOf(':') + 1)..];
            if (uint.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            {
                string words = fields.Length > dash + 3 ? $"{fields[5]},{fields[dash + 3]}" : fields[5];
                entries.Add(new MountTableEntry(Unescape(fields[4]), fields[dash + 1], Unescape(fields[dash + 2]), number, MountFlags.Parse(words)));
            }
        }

        return entries;
    }

    /// <summary>Space, tab, newline and backslash are written as three octal digits.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\'))
        {
            return field;
        }

        StringBuilder text = new(field.Length);
        for (int index = 0; index < field.Length; index++)
        {
            if (field[index] == '\\' && index + 3 < field.Length && field.AsSpan(index + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                text.Append((char)(((field[index + 1] - '0') << 6) | ((field[index + 2] - '0') << 3) | (field[index + 3] - '0')));
                index += 3;
            }
            else
            {
                text.Append(field[index]);
            }
        }

        return text.ToString();
    }
}
