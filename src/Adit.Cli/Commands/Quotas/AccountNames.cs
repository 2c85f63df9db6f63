using System.Globalization;
using Adit.Cli.CommandLine;
using Adit.Format.Records;
using Adit.Interop;

namespace Adit.Cli.Commands.Quotas;

/// <summary>Names of users and groups, as <c>/etc/passwd</c> and <c>/etc/group</c> have them. Those of other services are written as numbers.</summary>
internal sealed class AccountNames
{
    private readonly Dictionary<(QuotaKind Kind, uint Id), string> _names = [];
    private readonly Dictionary<(QuotaKind Kind, string Name), uint> _ids = [];

    public AccountNames()
    {
        Read(QuotaKind.User, "/etc/passwd");
        Read(QuotaKind.Group, "/etc/group");
    }

    /// <summary>The name of an id, or null.</summary>
    public string? NameOf(QuotaKind kind, uint id) => _names.GetValueOrDefault((kind, id));

    /// <summary>The id that a name or a number means.</summary>
    public uint IdOf(QuotaKind kind, string text)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return id;
        }

        var word = kind.ToString().ToLowerInvariant();
        if (kind == QuotaKind.Project)
        {
            throw CommandFailure.Usage($"'{text}' is not the number of a project; write for example --project 42");
        }

        return _ids.TryGetValue((kind, text), out id)
            ? id
            : throw new CommandFailure($"there is no {word} '{text}' on this machine; write the number, for example --{word} 1000", errno: Errno.ENOENT);
    }

    private void Read(QuotaKind kind, string path)
    {
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                // name:password:id:...
                var fields = line.Split(':');
                if (fields.Length > 2 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    _names.TryAdd((kind, id), fields[0]);
                    _ids.TryAdd((kind, fields[0]), id);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A machine without the file has numbers only.
        }
    }
}
