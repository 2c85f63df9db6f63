using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Adit.Fuse.Options;

/// <summary>Which users and groups a mount shows in the place of those that files have.</summary>
/// <remarks>Written as mount(8) has it: pieces with spaces between them, each <c>u:FILE:SEEN:COUNT</c> for users, <c>g:</c> for groups, <c>b:</c> or
/// nothing for both. User FILE of the file system is user SEEN of the mount, and so on for COUNT of them. Or the path of a user
/// namespace, whose mapping is taken.</remarks>
public sealed record IdMap
{
    /// <summary>The kernel takes that many pieces.</summary>
    private const int MaxPieces = 340;

    private IdMap(string text, string? path, string users, string groups)
    {
        Text = text;
        NamespacePath = path;
        Users = users;
        Groups = groups;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The user namespace to take; null: one is made with the maps below.</summary>
    public string? NamespacePath { get; }

    /// <summary>As a namespace's <c>uid_map</c> takes it. Empty: no user is mapped.</summary>
    public string Users { get; }

    /// <summary>As a namespace's <c>gid_map</c> takes it.</summary>
    public string Groups { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out IdMap? map)
    {
        // The quotes that keep a shell or fstab from reading more into it.
        string bare = text.Trim().Trim('"').Trim();
        map = null;
        if (bare.StartsWith('/'))
        {
            map = new IdMap(bare, bare, "", "");
            return true;
        }

        StringBuilder users = new();
        StringBuilder groups = new();
        string[] pieces = bare.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (string piece in pieces)
        {
            string[] fields = piece.Split(':');
            string kind = fields.Length == 4 ? fields[0] : "b";
            if (fields.Length is not (3 or 4) || kind is not ("u" or "g" or "b") || ToLine(fields.AsSpan(fields.Length - 3)) is not { } line)
            {
                return false;
            }

            _ = kind == "g" ? users : users.Append(line);
            _ = kind == "u" ? groups : groups.Append(line);
        }

        map = pieces.Length is > 0 and <= MaxPieces ? new IdMap(string.Join(' ', pieces), null, users.ToString(), groups.ToString()) : null;
        return map is not null;
    }

    private static string? ToLine(ReadOnlySpan<string> fields)
    {
        Span<uint> numbers = stackalloc uint[3];
        for (int index = 0; index < 3; index++)
        {
            if (!uint.TryParse(fields[index], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[index]))
            {
                return null;
            }
        }

        return numbers[2] == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{numbers[0]} {numbers[1]} {numbers[2]}\n");
    }
}
