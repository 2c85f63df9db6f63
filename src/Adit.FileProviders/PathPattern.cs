using System.Text;
using System.Text.RegularExpressions;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.FileProviders;

/// <summary>The paths of a volume that a filter names, and what there is under them.</summary>
internal sealed class PathPattern
{
    private readonly string _path;
    private readonly string _directory;
    private readonly Regex? _regex;
    private readonly bool _isDeep;

    /// <param name="path">From the volume's root on, with "*" and "**".</param>
    public PathPattern(string path)
    {
        _path = path;
        int star = path.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            _directory = path;
            return;
        }

        _directory = path[..Math.Max(1, path.LastIndexOf('/', star))];
        _isDeep = path.IndexOf('/', star) >= 0 || path.Contains("**", StringComparison.Ordinal);
        _regex = new Regex(RegexOf(path), RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    /// <summary>What there is now, so that two of these differ exactly if something that matches came, changed or went.</summary>
    public Dictionary<string, NodeStamp> Look(Volume volume, ChangeCounts changes)
    {
        int[] counts = changes.Copy();
        Dictionary<string, NodeStamp> found = [];
        if (_regex is not null)
        {
            LookIn(volume, _directory, counts, found);
        }
        else if (VolumeFileProvider.TryGet(volume, _path, out NodeAttributes attributes))
        {
            found[_path] = new NodeStamp(attributes, ChangeCounts.Of(counts, attributes.Inode));
        }

        return found;
    }

    private void LookIn(Volume volume, string directory, int[] counts, Dictionary<string, NodeStamp> found)
    {
        try
        {
            foreach (DirectoryEntry entry in volume.Enumerate(directory))
            {
                string path = $"{directory.TrimEnd('/')}/{entry.Name}";
                if (_regex!.IsMatch(path))
                {
                    found[path] = new NodeStamp(entry.Attributes, ChangeCounts.Of(counts, entry.Inode));
                }

                if (_isDeep && entry.Type == FileType.Directory)
                {
                    LookIn(volume, path, counts, found);
                }
            }
        }
        catch (AditException failure) when (failure.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            // Not there, or gone meanwhile: then nothing in it is there either.
        }
    }

    private static string RegexOf(string path)
    {
        StringBuilder regex = new("^");
        for (int i = 0; i < path.Length; i++)
        {
            if (path.AsSpan(i).StartsWith("**/"))
            {
                regex.Append("(.*/)?");
                i += 2;
            }
            else if (path.AsSpan(i).StartsWith("**"))
            {
                regex.Append(".*");
                i++;
            }
            else
            {
                regex.Append(path[i] == '*' ? "[^/]*" : Regex.Escape(path[i].ToString()));
            }
        }

        return regex.Append('$').ToString();
    }
}
