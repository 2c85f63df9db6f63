using System.Diagnostics.CodeAnalysis;
using Adit.Cli.CommandLine;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.Nodes;

namespace Adit.Cli.Trees;

/// <summary>The host's files below a folder: all of them, or a volume's through the folder where its owner mounts it.</summary>
/// <param name="folder">What "/" stands for; empty for the host's own root.</param>
/// <param name="shownAs">The operand to show in front of paths, or null to show host paths.</param>
internal sealed class HostTree(string folder, string? shownAs = null) : IFileTree
{
    private bool _changed;

    public string Identity { get; } = "host:" + folder;

    public string Show(string path) => shownAs is null ? HostPath(path) : $"{shownAs}:{path}";

    public unsafe TreeNode? Find(string path, bool followLink = true)
    {
        StatxBuffer buffer;
        var flags = followLink ? 0 : Libc.AT_SYMLINK_NOFOLLOW;
        var outcome = Libc.Outcome(Libc.statx(Libc.AT_FDCWD, HostPath(path), flags, StatxBuffer.STATX_BASIC_STATS, &buffer));
        return outcome switch
        {
            Errno.Success => new TreeNode(
                TreePath.NameOf(path), buffer.stx_ino, buffer.stx_mode, buffer.stx_nlink, buffer.stx_uid, buffer.stx_gid,
                (long)buffer.stx_size, new Timestamp(buffer.stx_mtime_sec, buffer.stx_mtime_nsec)),
            Errno.ENOENT => null,
            _ => throw Failure(outcome, path),
        };
    }

    public IEnumerable<TreeNode> List(string path)
    {
        if (Find(path) is not { } directory)
        {
            throw Failure(Errno.ENOENT, path);
        }

        if (!directory.IsDirectory)
        {
            throw Failure(Errno.ENOTDIR, path);
        }

        var all = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };
        foreach (var entry in Directory.EnumerateFileSystemEntries(HostPath(path), "*", all))
        {
            // An entry that went away meanwhile is no longer part of the list.
            if (Find(TreePath.Join(path, Path.GetFileName(entry)), followLink: false) is { } node)
            {
                yield return node;
            }
        }
    }

    public Stream OpenRead(string path)
    {
        if (Find(path) is { IsDirectory: true })
        {
            throw Failure(Errno.EISDIR, path);
        }

        return Guard(path, () => new FileStream(HostPath(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1));
    }

    public Stream Create(string path, uint permissions)
    {
        _changed = true;
        return Guard(path, () => new FileStream(HostPath(path), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = (UnixFileMode)(permissions & 0xFFF),
        }));
    }

    public void MakeDirectory(string path, uint permissions, bool parents)
    {
        _changed = true;
        if (!parents && Find(path, followLink: false) is not null)
        {
            throw Failure(Errno.EEXIST, path);
        }

        if (!parents && Find(TreePath.Normalize(path + "/..")) is null)
        {
            throw Failure(Errno.ENOENT, path);
        }

        Guard(path, () => Directory.CreateDirectory(HostPath(path), (UnixFileMode)permissions));
    }

    public void Delete(string path)
    {
        _changed = true;
        if (Find(path, followLink: false) is null)
        {
            throw Failure(Errno.ENOENT, path);
        }

        Guard(path, () => File.Delete(HostPath(path)));
    }

    public void DeleteDirectory(string path, bool recursive)
    {
        _changed = true;
        Guard(path, () => Directory.Delete(HostPath(path), recursive));
    }

    public void Move(string from, string to)
    {
        _changed = true;
        Guard(from, () =>
        {
            if (Directory.Exists(HostPath(from)) && !IsSymbolicLink(from))
            {
                Directory.Move(HostPath(from), HostPath(to));
            }
            else
            {
                File.Move(HostPath(from), HostPath(to), overwrite: true);
            }
        });
    }

    public string ReadLink(string path) =>
        new FileInfo(HostPath(path)).LinkTarget ?? throw Failure(Errno.EINVAL, path);

    public void MakeSymbolicLink(string path, string target)
    {
        _changed = true;
        Guard(path, () => File.CreateSymbolicLink(HostPath(path), target));
    }

    public void SetPermissions(string path, uint permissions) =>
        Guard(path, () => File.SetUnixFileMode(HostPath(path), (UnixFileMode)permissions));

    public void SetModifyTime(string path, Timestamp time) => Guard(path, () => File.SetLastWriteTimeUtc(
        HostPath(path), DateTime.UnixEpoch.AddSeconds(time.Seconds).AddTicks(time.Nanoseconds / 100)));

    /// <summary>Of a mounted volume only: the host's own files are in the care of the host.</summary>
    public void Flush()
    {
        if (_changed && shownAs is not null)
        {
            Guard(TreePath.Root, FlushMount);
        }
    }

    public void Dispose()
    {
    }

    private void FlushMount()
    {
        using var root = Libc.open(folder, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC | OpenFlags.O_DIRECTORY, 0);
        var outcome = root.IsInvalid ? Libc.LastError : Libc.Outcome(Libc.fsync(root));
        if (outcome != Errno.Success)
        {
            throw Failure(outcome, TreePath.Root);
        }
    }

    private string HostPath(string path) => folder.Length == 0 ? path : path == TreePath.Root ? folder : folder + path;

    private bool IsSymbolicLink(string path) => Find(path, followLink: false) is { Type: FileType.SymbolicLink };

    private CommandFailure Failure(Errno errno, string path) =>
        new($"{Show(path)}: {errno.Message()}", CommandFailure.ExitCodeOf(errno), errno);

    private void Guard(string path, Action action) => Guard<object?>(path, () =>
    {
        action();
        return null;
    });

    /// <summary>Names the path as the user knows it in errors of the host's file system.</summary>
    private T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, path);
        }
    }

    [SuppressMessage("Style", "IDE0072", Justification = "The rest is one case.")]
    private CommandFailure Translate(Exception exception, string path)
    {
        var errno = exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
            UnauthorizedAccessException => Errno.EACCES,
            _ when Enum.IsDefined((Errno)exception.HResult) && exception.HResult > 0 => (Errno)exception.HResult,
            _ => Errno.EIO,
        };
        return errno == Errno.EIO
            ? new CommandFailure($"{Show(path)}: {exception.Message}", errno: errno, inner: exception)
            : Failure(errno, path);
    }
}
