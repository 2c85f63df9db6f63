using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Cli.Tests.Holding;

/// <summary>A thread that makes, changes, moves, reads and removes files in a folder of its own, and knows what must be there. Its first failed call, and
/// its first byte that is not what was written, is what went wrong.</summary>
internal sealed unsafe class VerifiedLoad
{
    private const int NameCount = 12;
    private const int MaxFileBytes = 200_000;

    private readonly string _folder;
    private readonly Random _random;
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly Thread _thread;
    private volatile bool _isStopping;
    private long _operationCount;

    public VerifiedLoad(string folder, int seed)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        _random = new Random(seed);
        _thread = new Thread(Run) { IsBackground = true, Name = "load" };
        _thread.Start();
    }

    /// <summary>What went wrong, or null.</summary>
    public string? Failure { get; private set; }

    public long OperationCount => Volatile.Read(ref _operationCount);

    /// <summary>Stops, then compares all that should be there.</summary>
    /// <returns>What went wrong, or null.</returns>
    public string? StopAndCompare()
    {
        _isStopping = true;
        if (!_thread.Join(TimeSpan.FromSeconds(60)))
        {
            return "a call on the mount does not return";
        }

        if (Failure is not null)
        {
            return Failure;
        }

        var present = Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToList();
        if (!present.SequenceEqual(_files.Keys.Order(StringComparer.Ordinal)))
        {
            return $"{_folder} has {string.Join(' ', present)}, not {string.Join(' ', _files.Keys.Order(StringComparer.Ordinal))}";
        }

        return _files.Keys.Select(Compare).FirstOrDefault(difference => difference is not null);
    }

    private void Run()
    {
        try
        {
            while (!_isStopping)
            {
                Failure = Step();
                if (Failure is not null)
                {
                    return;
                }

                Interlocked.Increment(ref _operationCount);
            }
        }
        catch (Exception exception)
        {
            Failure = exception.ToString();
        }
    }

    private string? Step()
    {
        var name = $"n{_random.Next(NameCount)}";
        var exists = _files.TryGetValue(name, out var content);
        return (_random.Next(10), exists) switch
        {
            (0 or 1, true) => Compare(name),
            (2 or 3, true) => Write(name, Posix.AppendOnly, content!, content!.Length),
            (4, true) => Write(name, Posix.ReadWrite, content!, _random.Next(content!.Length + 1)),
            (5, true) => Move(name, $"n{_random.Next(NameCount)}"),
            (6, true) => MoveByLink(name, $"n{_random.Next(NameCount)}"),
            (7, true) => Remove(name),
            (8, _) => Check(Posix.mkdir(PathOf("d"), 0x1ED), "mkdir d") ?? Check(Posix.rmdir(PathOf("d")), "rmdir d"),
            (9, _) => Check(Posix.symlink("nowhere", PathOf("s")), "symlink s") ?? Check(Posix.unlink(PathOf("s")), "unlink s"),
            (_, false) => Write(name, Posix.CreateNew, [], 0),
            _ => null,
        };
    }

    private string? Write(string name, int flags, byte[] content, int offset)
    {
        // Mostly small; some of many blocks.
        var bytes = new byte[_random.Next(4) == 0 ? _random.Next(1, 100_000) : _random.Next(1, 5000)];
        _random.NextBytes(bytes);
        if (offset + bytes.Length > MaxFileBytes)
        {
            return null;
        }

        using var file = Libc.open(PathOf(name), flags | OpenFlags.O_CLOEXEC, 0x1A4);
        if (file.IsInvalid)
        {
            return Say($"open {name} with {flags:x}");
        }

        fixed (byte* start = bytes)
        {
            var written = flags == Posix.AppendOnly
                ? Libc.write(file.DangerousNumber, start, (nuint)bytes.Length)
                : Libc.pwrite(file, start, (nuint)bytes.Length, offset);
            if (written != bytes.Length)
            {
                return Say($"write of {bytes.Length} bytes to {name} gave {written}");
            }
        }

        Array.Resize(ref content, Math.Max(content.Length, offset + bytes.Length));
        bytes.CopyTo(content, offset);
        _files[name] = content;
        return _random.Next(4) == 0 ? Check(Libc.fsync(file), $"fsync {name}") : null;
    }

    private string? Compare(string name)
    {
        var content = _files[name];
        using var file = Libc.open(PathOf(name), OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        if (file.IsInvalid)
        {
            return Say($"open {name}");
        }

        var bytes = new byte[content.Length + 1];
        fixed (byte* start = bytes)
        {
            var count = Libc.pread(file, start, (nuint)bytes.Length, 0);
            return count < 0 ? Say($"read {name}")
                : count != content.Length ? $"{name} has {count} bytes, not {content.Length}"
                : bytes.AsSpan(0, content.Length).SequenceEqual(content) ? null
                : $"{name} of {count} bytes differs at byte {bytes.AsSpan(0, content.Length).CommonPrefixLength(content)}";
        }
    }

    private string? Move(string name, string newName)
    {
        var failure = Check(Posix.rename(PathOf(name), PathOf(newName)), $"rename {name} {newName}");
        if (failure is null && name != newName)
        {
            _files.Remove(name, out var content);
            _files[newName] = content!;
        }

        return failure;
    }

    private string? MoveByLink(string name, string newName)
    {
        if (_files.ContainsKey(newName))
        {
            return null;
        }

        var failure = Check(Posix.link(PathOf(name), PathOf(newName)), $"link {name} {newName}") ?? Check(Posix.unlink(PathOf(name)), $"unlink {name}");
        if (failure is null)
        {
            _files.Remove(name, out var content);
            _files[newName] = content!;
        }

        return failure;
    }

    private string? Remove(string name)
    {
        _files.Remove(name);
        return Check(Posix.unlink(PathOf(name)), $"unlink {name}");
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private static string? Check(int result, string call) => result == 0 ? null : Say(call);

    private static string Say(string call) => $"{call}: {((Errno)Marshal.GetLastPInvokeError()).Message()}";
}
