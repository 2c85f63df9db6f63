using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Adit.Fuse.Tests.Clients;
using Adit.Interop;

namespace Adit.Fuse.Tests.Differential;

/// <summary>System calls below a directory, each noted with its arguments and its outcome: two file systems that behave alike
/// leave the same notes.</summary>
internal sealed unsafe partial class PosixCalls(string root, Action<string> note)
{
    private string _folder = "";
    private string _case = "";

    /// <summary>Where the case at hand works.</summary>
    public string Folder => _folder;

    /// <summary>A case could not be carried out.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Begins a case, in a fresh directory of its own.</summary>
    public void Begin(string name)
    {
        _case = name;
        _folder = Path.Combine(root, name);
        Directory.CreateDirectory(_folder);
        Kernel.WithPath(_folder, p => Kernel.Call(90, p, 0x1FF));
    }

    public string At(string path) => path.StartsWith('/') ? path : Path.Combine(_folder, path);

    public void Note(string text) => note($"{_case}: {text}");

    public void Note(string label, long result) => Note($"{label} = {Outcome(result)}");

    /// <summary>Notes a call without its result when that is a descriptor or address.</summary>
    public long Opened(string label, long result)
    {
        Note($"{label} = {(result >= 0 ? "ok" : Outcome(result))}");
        return result;
    }

    private long Noted(string label, long result)
    {
        Note(label, result);
        return result;
    }

    private static string Outcome(long result) => result < 0 ? ((Errno)(-result)).ToString() : result.ToString(CultureInfo.InvariantCulture);

    private static string Short(string path) => path.Length > 40 ? $"{path[..10]}...({path.Length})" : path;

    private static string Octal(int mode) => Convert.ToString(mode, 8);

    private long OnPath(string path, Func<nint, long> call) => Kernel.WithPath(path.Length == 0 ? "" : At(path), call);

    public long Open(string path, int flags, int mode = 0x1A4) =>
        Opened($"open {Short(path)} 0{Octal(flags)} {Octal(mode)}", OnPath(path, p => Kernel.Call(257, Kernel.AtFdCwd, p, flags, mode)));

    /// <summary>Opens without a note.</summary>
    public long Quiet(string path, int flags, int mode = 0x1A4) => OnPath(path, p => Kernel.Call(257, Kernel.AtFdCwd, p, flags, mode));

    public void Close(long fd)
    {
        if (fd >= 0)
        {
            Kernel.Close(fd);
        }
    }

    /// <summary>Makes a file with content, without a note.</summary>
    public void File(string path, string content = "", int mode = 0x1A4)
    {
        long fd = Quiet(path, 2 | 64 | 512, mode);
        Kernel.Write(fd, Encoding.Latin1.GetBytes(content), 0);
        Kernel.Call(91, (nint)fd, mode);
        Kernel.Close(fd);
    }

    public void Touch(string path, int flags = 0x41, int mode = 0x1A4) => Close(Open(path, flags, mode));

    public long MkDir(string path, int mode = 0x1ED) => Noted($"mkdir {Short(path)} {Octal(mode)}", OnPath(path, p => Kernel.Call(83, p, mode)));

    public long RmDir(string path) => Noted($"rmdir {Short(path)}", OnPath(path, p => Kernel.Call(84, p)));

    public long Unlink(string path) => Noted($"unlink {Short(path)}", OnPath(path, p => Kernel.Call(87, p)));

    public long UnlinkAt(string path, int flags) => Noted($"unlinkat {Short(path)} {flags:x}", OnPath(path, p => Kernel.Call(263, Kernel.AtFdCwd, p, flags)));

    public long Link(string path, string newPath, int flags = 0) =>
        Noted($"link {Short(path)} {Short(newPath)} {flags:x}", OnPath(path, p => OnPath(newPath, q => Kernel.Call(265, Kernel.AtFdCwd, p, Kernel.AtFdCwd, q, flags))));

    public long LinkFd(long fd, string newPath) =>
        Noted($"linkat fd {Short(newPath)}", Kernel.WithPath($"/proc/self/fd/{fd}", p => OnPath(newPath, q => Kernel.Call(265, Kernel.AtFdCwd, p, Kernel.AtFdCwd, q, 0x400))));

    public long SymLink(string target, string path) =>
        Noted($"symlink {Short(target)} {Short(path)}", Kernel.WithPath(target, t => OnPath(path, p => Kernel.Call(88, t, p))));

    public long ReadLink(string path)
    {
        byte[] bytes = new byte[5000];
        fixed (byte* start = bytes)
        {
            nint place = (nint)start;
            return Noted($"readlink {Short(path)}", OnPath(path, p => Kernel.Call(89, p, place, 5000)));
        }
    }

    public long MkNod(string path, int mode, int device = 0) =>
        Noted($"mknod {Short(path)} {Octal(mode)} {device:x}", OnPath(path, p => Kernel.Call(133, p, mode, device)));

    public long Rename(string path, string newPath, int flags = 0) =>
        Noted($"rename {Short(path)} {Short(newPath)} {flags}", OnPath(path, p => OnPath(newPath, q => Kernel.Call(316, Kernel.AtFdCwd, p, Kernel.AtFdCwd, q, flags))));

    public long Chmod(string path, int mode) => Noted($"chmod {Short(path)} {Octal(mode)}", OnPath(path, p => Kernel.Call(90, p, mode)));

    public long FChmod(long fd, int mode) => Noted($"fchmod {Octal(mode)}", Kernel.Call(91, (nint)fd, mode));

    public long Chown(string path, int uid, int gid) => Noted($"chown {Short(path)} {uid} {gid}", OnPath(path, p => Kernel.Call(92, p, uid, gid)));

    public long LChown(string path, int uid, int gid) => Noted($"lchown {Short(path)} {uid} {gid}", OnPath(path, p => Kernel.Call(94, p, uid, gid)));

    public long Truncate(string path, long length) => Noted($"truncate {Short(path)} {length}", OnPath(path, p => Kernel.Call(76, p, (nint)length)));

    public long FTruncate(long fd, long length) => Noted($"ftruncate {length}", Kernel.Call(77, (nint)fd, (nint)length));

    public long Access(string path, int mode) => Noted($"access {Short(path)} {mode}", OnPath(path, p => Kernel.Call(21, p, mode)));

    public long FAccess(string path, int mode, int flags) => Noted($"faccessat2 {Short(path)} {mode} {flags:x}", OnPath(path, p => Kernel.Call(439, Kernel.AtFdCwd, p, mode, flags)));

    public long ChDir(string path) => Noted($"chdir {Short(path)}", OnPath(path, p => Kernel.Call(80, p)));

    public int Umask(int mask) => (int)Kernel.Call(95, mask);

    public long PWrite(long fd, string text, long offset)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        return Noted($"pwrite {text.Length} at {offset}", Kernel.Write(fd, bytes, offset));
    }

    public long Write(long fd, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        fixed (byte* start = bytes)
        {
            return Noted($"write {text.Length}", Kernel.Call(1, (nint)fd, (nint)start, bytes.Length));
        }
    }

    public long PRead(long fd, int length, long offset)
    {
        byte[] bytes = new byte[Math.Max(1, length)];
        long result = Kernel.Read(fd, bytes.AsSpan(0, length), offset);
        string text = result > 0 ? Convert.ToHexString(bytes.AsSpan(0, (int)Math.Min(16, result))) : "";
        Note($"pread {length} at {offset} = {Outcome(result)} {text}");
        return result;
    }

    public long Seek(long fd, long offset, int whence) => Noted($"lseek {offset} {whence}", Kernel.Call(8, (nint)fd, (nint)offset, whence));

    public long FAllocate(long fd, int mode, long offset, long length) =>
        Noted($"fallocate {mode:x} {offset} {length}", Kernel.Call(285, (nint)fd, mode, (nint)offset, (nint)length));

    public long CopyRange(long from, long? fromOffset, long to, long? toOffset, long length, int flags = 0)
    {
        long a = fromOffset ?? 0;
        long b = toOffset ?? 0;
        return Noted(
            $"copy_file_range {fromOffset} {toOffset} {length}",
            Kernel.Call(326, (nint)from, fromOffset is null ? 0 : (nint)(&a), (nint)to, toOffset is null ? 0 : (nint)(&b), (nint)length, flags));
    }

    public long Control(long fd, uint request, nint argument) => Noted($"ioctl {request:x}", Kernel.Call(16, (nint)fd, (nint)request, argument));

    public long SetXAttr(string path, string name, string value, int flags = 0, bool follow = true) => Noted(
        $"{(follow ? "" : "l")}setxattr {Short(path)} {Short(name)} {value.Length} {flags}",
        OnPath(path, p => Kernel.WithPath(name, n => WithBytes(value, (v, size) => Kernel.Call(follow ? 188 : 189, p, n, v, size, flags)))));

    public long GetXAttr(string path, string name, int size, bool follow = true)
    {
        byte[] bytes = new byte[Math.Max(1, size)];
        fixed (byte* start = bytes)
        {
            nint place = size == 0 ? 0 : (nint)start;
            long result = OnPath(path, p => Kernel.WithPath(name, n => Kernel.Call(follow ? 191 : 192, p, n, place, size)));
            string text = result > 0 && size > 0 ? Convert.ToHexString(bytes.AsSpan(0, (int)Math.Min(48, result))) : "";
            Note($"getxattr {Short(path)} {Short(name)} {size} = {Outcome(result)} {text}");
            return result;
        }
    }

    public void ListXAttr(string path, int size, bool follow = true)
    {
        byte[] bytes = new byte[Math.Max(1, size)];
        fixed (byte* start = bytes)
        {
            nint place = size == 0 ? 0 : (nint)start;
            long result = OnPath(path, p => Kernel.Call(follow ? 194 : 195, p, place, size));
            string names = result > 0 && size > 0
                ? string.Join(' ', Encoding.UTF8.GetString(bytes, 0, (int)result).Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))
                : "";
            Note($"listxattr {Short(path)} {size} = {Outcome(result)} {names}");
        }
    }

    public long RemoveXAttr(string path, string name, bool follow = true) =>
        Noted($"removexattr {Short(path)} {Short(name)}", OnPath(path, p => Kernel.WithPath(name, n => Kernel.Call(follow ? 197 : 198, p, n))));

    /// <summary>utimensat with seconds and nanoseconds as they are; null for no times at all.</summary>
    public long SetTimes(string path, (long Seconds, long Nanoseconds)? access, (long Seconds, long Nanoseconds)? modify, int flags = 0)
    {
        long* times = stackalloc long[4];
        (times[0], times[1]) = access ?? default;
        (times[2], times[3]) = modify ?? default;
        nint place = access is null && modify is null ? 0 : (nint)times;
        return Noted($"utimensat {Short(path)} {access} {modify} {flags:x}", OnPath(path, p => Kernel.Call(280, Kernel.AtFdCwd, p, place, flags)));
    }

    /// <summary>What stat shows, but for what is a file system's own: inode and device numbers, sizes of directories, times.</summary>
    public void Stat(string path, bool follow = false)
    {
        FileStatus status = default;
        nint place = (nint)(&status);
        long result = OnPath(path, p => Kernel.Call(follow ? 4 : 6, p, place));
        Note($"{(follow ? "" : "l")}stat {Short(path)} = {(result < 0 ? Outcome(result) : Describe(status))}");
    }

    public void FStat(long fd, string label = "")
    {
        FileStatus status = default;
        long result = Kernel.Call(5, (nint)fd, (nint)(&status));
        Note($"fstat {label} = {(result < 0 ? Outcome(result) : Describe(status))}");
    }

    private static string Describe(in FileStatus status)
    {
        bool isDirectory = (status.Mode & 0xF000) == 0x4000;
        bool isFile = (status.Mode & 0xF000) == 0x8000;
        string size = isDirectory ? "" : $" size {status.Size}";
        string blocks = isFile ? $" blocks {status.Blocks}" : "";
        return $"{Octal((int)status.Mode)} links {status.LinkCount} {status.UserId}:{status.GroupId}{size}{blocks} rdev {status.SpecialDevice:x}";
    }

    /// <summary>Notes which of the times of paths an action moves: access, modification, change.</summary>
    public void Moves(string label, string[] paths, Action action)
    {
        FileStatus[] before = new FileStatus[paths.Length];
        for (int i = 0; i < paths.Length; i++)
        {
            fixed (FileStatus* place = &before[i])
            {
                nint address = (nint)place;
                OnPath(paths[i], p => Kernel.Call(6, p, address));
            }
        }

        Thread.Sleep(25);
        action();
        for (int i = 0; i < paths.Length; i++)
        {
            FileStatus after = default;
            nint address = (nint)(&after);
            if (OnPath(paths[i], p => Kernel.Call(6, p, address)) < 0)
            {
                Note($"{label}: {paths[i]} is gone");
                continue;
            }

            string moved = (after.AccessSeconds, after.AccessNanoseconds) == (before[i].AccessSeconds, before[i].AccessNanoseconds) ? "-" : "a";
            moved += (after.ModifySeconds, after.ModifyNanoseconds) == (before[i].ModifySeconds, before[i].ModifyNanoseconds) ? "-" : "m";
            moved += (after.ChangeSeconds, after.ChangeNanoseconds) == (before[i].ChangeSeconds, before[i].ChangeNanoseconds) ? "-" : "c";
            Note($"{label} moves {paths[i]}: {moved}");
        }
    }

    /// <summary>Does something as another user, on a thread of its own: credentials are a thread's.</summary>
    public void As(int uid, int gid, Action action, params int[] groups)
    {
        Exception? failure = null;
        Thread user = new(() =>
        {
            try
            {
                fixed (int* list = groups)
                {
                    long dropped = Kernel.Call(116, groups.Length, (nint)list);
                    dropped |= Kernel.Call(119, gid, gid, gid);
                    dropped |= Kernel.Call(117, uid, uid, uid);
                    if (dropped < 0)
                    {
                        throw new InvalidOperationException($"not user {uid}: {dropped}");
                    }
                }

                action();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        user.Start();
        user.Join();
        if (failure is not null)
        {
            Note($"as {uid}: {failure}");
            Console.Error.WriteLine(failure);
            HasFailed = true;
        }
    }

    private static long WithBytes(string value, Func<nint, int, long> call)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(value);
        fixed (byte* start = bytes)
        {
            return call((nint)start, bytes.Length);
        }
    }
}
