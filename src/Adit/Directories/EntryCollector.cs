using System.Text;
using Adit.Nodes;

namespace Adit.Directories;

/// <summary>Keeps some entries of a directory at a time.</summary>
internal sealed class EntryCollector : IDirectorySink
{
    private const int MaxCount = 128;

    public List<DirectoryEntry> Entries { get; } = new(MaxCount);

    public ulong LastCookie { get; private set; }

    public void Clear() => Entries.Clear();

    /// <inheritdoc/>
    public bool Accept(in DirectoryItem item)
    {
        if (Entries.Count == MaxCount)
        {
            return false;
        }

        Entries.Add(new DirectoryEntry(Encoding.UTF8.GetString(item.Name), item.Inode, item.Type, item.Attributes));
        LastCookie = item.Cookie;
        return true;
    }
}
