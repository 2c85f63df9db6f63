using Adit.Inodes;

namespace Adit.Paths;

/// <summary>The directories that paths led to last, by the text in front of the last name: whoever makes and deletes files in a
/// directory again and again does not walk there each time.</summary>
/// <remarks>Everything here needs the namespace's lock exclusively, and a directory found here may be used while that is held:
/// the cache uses it. What a text means can change only when a directory or a symbolic link loses its name; whoever takes
/// one away clears the cache.</remarks>
internal sealed class DirectoryPaths(VolumeContext context)
{
    private const int SlotCount = 64;

    private readonly string?[] _prefixes = new string?[SlotCount];
    private readonly Inode?[] _directories = new Inode?[SlotCount];
    private int _count;

    /// <summary>The slot that was found last.</summary>
    private int _last;

    public bool TryGet(ReadOnlySpan<char> prefix, out Inode? directory)
    {
        directory = _directories[_last];
        if (directory is not null && prefix.SequenceEqual(_prefixes[_last]))
        {
            return true;
        }

        int slot = SlotOf(prefix);
        directory = _directories[slot];
        if (directory is null || !prefix.SequenceEqual(_prefixes[slot]))
        {
            return false;
        }

        _last = slot;
        return true;
    }

    /// <summary>Remembers a directory. The caller's use becomes the cache's.</summary>
    public void Put(ReadOnlySpan<char> prefix, Inode directory)
    {
        int slot = SlotOf(prefix);
        if (_directories[slot] is { } old)
        {
            context.ReleaseLater(old);
            _count--;
        }

        _prefixes[slot] = prefix.ToString();
        _directories[slot] = directory;
        _count++;
    }

    public void Clear()
    {
        for (int slot = 0; slot < SlotCount && _count > 0; slot++)
        {
            if (_directories[slot] is { } old)
            {
                _directories[slot] = null;
                _prefixes[slot] = null;
                _count--;
                context.ReleaseLater(old);
            }
        }
    }

    /// <summary>Paths of one program differ in length and towards their ends.</summary>
    private static int SlotOf(ReadOnlySpan<char> prefix)
    {
        uint mixed = (uint)prefix.Length;
        for (int i = Math.Max(0, prefix.Length - 8); i < prefix.Length; i++)
        {
            mixed = (mixed * 31) + prefix[i];
        }

        return (int)((mixed * 0x9E37_79B9u) >> 26);
    }
}
