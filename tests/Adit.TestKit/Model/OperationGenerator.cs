using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>Random operations that meet each other: few names, many kinds, sizes around the edges of blocks. It looks
/// at the model's state, so that most operations find what they ask for; a few do not, on purpose. The same seed gives
/// the same operations for the same states. Not thread-safe.</summary>
public sealed class OperationGenerator(int seed, OperationMix mix)
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f"];
    private static readonly string[] LinkNames = ["s", "t"];
    private static readonly string[] AttributeNames = ["user.a", "user.b", "user.long-name-of-an-attribute"];

    private readonly Random _random = new(seed);
    private int _nextHandle = 1;
    private ulong _nextPattern = (ulong)(uint)seed << 24;

    public FileOperation Next(ModelState state)
    {
        int choice = _random.Next(mix.Total);
        return choice switch
        {
            _ when (choice -= mix.Namespace) < 0 => NextNamespace(state),
            _ when (choice -= mix.Data) < 0 => NextData(state),
            _ when (choice -= mix.Attributes) < 0 => NextAttribute(state),
            _ when (choice -= mix.Handles) < 0 => NextHandle(state),
            _ when (choice -= mix.Reads) < 0 => new ReadOperation(File(state), Offset(), _random.Next(1, 20000)),
            _ when (choice -= mix.Syncs) < 0 => NextSync(state),
            _ => new CheckpointOperation(),
        };
    }

    private FileOperation NextNamespace(ModelState state) => _random.Next(12) switch
    {
        0 or 1 or 2 => new CreateOperation(NewPath(state)),
        3 or 4 => new MakeDirectoryOperation(NewPath(state)),
        5 => new MakeSymbolicLinkOperation($"{Directory(state)}/{Pick(LinkNames)}", Target()),
        6 => new LinkOperation(Some(state), NewPath(state)),
        7 or 8 => new UnlinkOperation(Some(state)),
        9 => new RemoveDirectoryOperation(Some(state)),
        _ => Rename(state),
    };

    private FileOperation NextData(ModelState state) => _random.Next(10) switch
    {
        0 or 1 or 2 or 3 => new WriteOperation(File(state), Offset(), Length(), ++_nextPattern),
        4 or 5 or 6 => new AppendOperation(File(state), Length(), ++_nextPattern),
        7 => new TruncateOperation(File(state), _random.Next(3) == 0 ? 0 : Offset()),
        _ => Allocate(state),
    };

    private AllocateOperation Allocate(ModelState state)
    {
        AllocateMode mode = _random.Next(4) switch
        {
            0 => AllocateMode.Allocate,
            1 => AllocateMode.KeepSize,
            2 => AllocateMode.PunchHole | AllocateMode.KeepSize,
            _ => AllocateMode.ZeroRange,
        };
        return new AllocateOperation(File(state), mode, Offset(), Length());
    }

    private FileOperation NextAttribute(ModelState state) => _random.Next(4) switch
    {
        0 => new SetPermissionsOperation(Some(state), (uint)_random.Next(0x200)),
        1 => new RemoveAttributeOperation(Some(state), Pick(AttributeNames)),
        _ => new SetAttributeOperation(
            Some(state),
            Pick(AttributeNames),
            _random.Next(8) == 0 ? _random.Next(1000, 4000) : _random.Next(0, 200),
            ++_nextPattern,
            (AttributeSetMode)(_random.Next(4) == 0 ? _random.Next(1, 3) : 0)),
    };

    private FileOperation NextHandle(ModelState state)
    {
        if (state.Handles.Count > 0 && (state.Handles.Count > 4 || _random.Next(2) == 0))
        {
            return new CloseOperation(state.Handles.Keys.ElementAt(_random.Next(state.Handles.Count)));
        }

        return _random.Next(4) == 0 ? new OpenTemporaryOperation(_nextHandle++) : new OpenOperation(FilePath(state), _nextHandle++);
    }

    private FileOperation NextSync(ModelState state) => _random.Next(4) switch
    {
        0 => new SyncVolumeOperation(),
        1 => new SyncDirectoryOperation(Directory(state)),
        _ => new SyncFileOperation(File(state)),
    };

    private RenameOperation Rename(ModelState state)
    {
        RenameFlags flags = _random.Next(6) switch
        {
            0 => RenameFlags.Exchange,
            1 => RenameFlags.NoReplace,
            _ => RenameFlags.None,
        };
        return new RenameOperation(Some(state), _random.Next(2) == 0 ? NewPath(state) : Some(state), flags);
    }

    /// <summary>An open handle now and then, else a path.</summary>
    private FileTarget File(ModelState state) => state.Handles.Count > 0 && _random.Next(3) == 0
        ? FileTarget.Opened(state.Handles.Keys.ElementAt(_random.Next(state.Handles.Count)))
        : FilePath(state);

    private string FilePath(ModelState state)
    {
        List<string> files = [.. state.Walk().Where(entry => entry.Node.Type == FileType.Regular).Select(entry => entry.Path)];
        return files.Count == 0 ? "/a" : files[_random.Next(files.Count)];
    }

    /// <summary>Usually something that is there; never a path through a symbolic link.</summary>
    private string Some(ModelState state)
    {
        List<string> all = [.. state.Walk().Select(entry => entry.Path)];
        return all.Count == 0 || _random.Next(10) == 0 ? NewPath(state) : all[_random.Next(all.Count)];
    }

    private string NewPath(ModelState state) => $"{Directory(state)}/{Pick(Names)}";

    private string Directory(ModelState state)
    {
        List<string> all = [.. state.Walk().Where(entry => entry.Node.IsDirectory && entry.Path.Length < 12).Select(entry => entry.Path)];
        return all.Count == 0 || _random.Next(3) == 0 ? "" : all[_random.Next(all.Count)];
    }

    private string Target() => new('x', _random.Next(4) == 0 ? _random.Next(1000, 4000) : _random.Next(1, 60));

    private long Offset()
    {
        int limit = mix.MaxFileBytes;
        return _random.Next(4) switch
        {
            0 => (long)_random.Next((limit / 4096) + 1) * 4096,
            1 => Math.Max(0, ((long)_random.Next((limit / 4096) + 1) * 4096) + _random.Next(-9, 10)),
            2 => 0,
            _ => _random.Next(limit),
        };
    }

    private int Length()
    {
        int limit = Math.Max(1, mix.MaxFileBytes / 4);
        return _random.Next(4) switch
        {
            0 => _random.Next(1, 100),
            1 => 4096,
            2 => _random.Next(1, Math.Min(limit, 9000)),
            _ => _random.Next(1, limit),
        };
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
