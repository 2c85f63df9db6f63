using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Adit.Fuse.Tests.Clients;

/// <summary>The far side of <see cref="MountClient"/>: does what each line says and answers with one line.</summary>
internal sealed unsafe class ClientProgram(string root)
{
    private readonly Dictionary<string, long> _files = [];
    private readonly Dictionary<string, (long Address, long Length)> _maps = [];

    public static int Run(string socketPath, string root)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(socketPath));
        using NetworkStream stream = new(socket);
        using StreamReader reader = new(stream, Encoding.Latin1);
        using StreamWriter writer = new(stream, Encoding.Latin1) { AutoFlush = true, NewLine = "\n" };
        ClientProgram program = new(root);
        while (reader.ReadLine() is { } line)
        {
            writer.WriteLine(program.Do(line.Split('|')));
        }

        return 0;
    }

    private string Do(string[] words) => words[0] switch
    {
        "open" => Text(Remember(words[1], Kernel.Open(At(words[2]), int.Parse(words[3], CultureInfo.InvariantCulture), 0x1A4))),
        "close" => Text(Kernel.Close(_files[words[1]])),
        "read" => Read(_files[words[1]], Number(words[2]), (int)Number(words[3])),
        "write" => Text(Kernel.Write(_files[words[1]], Encoding.Latin1.GetBytes(words[3]), Number(words[2]))),
        "truncate" => Text(Kernel.Truncate(_files[words[1]], Number(words[2]))),
        "map" => Map(words[1], words[2], Number(words[3])),
        "load" => Encoding.Latin1.GetString(new ReadOnlySpan<byte>((byte*)_maps[words[1]].Address + Number(words[2]), (int)Number(words[3]))),
        "store" => Store(_maps[words[1]].Address + Number(words[2]), words[3]),
        "msync" => Text(Kernel.Sync(_maps[words[1]].Address, _maps[words[1]].Length)),
        "unmap" => Text(Kernel.Unmap(_maps[words[1]].Address, _maps[words[1]].Length)),
        "unlink" => Text(Kernel.Unlink(At(words[1]))),
        "mkdir" => Text(Kernel.MakeDirectory(At(words[1]), 0x1ED)),
        "rmdir" => Text(Kernel.RemoveDirectory(At(words[1]))),
        "rename" => Text(Kernel.Rename(At(words[1]), At(words[2]))),
        "link" => Text(Kernel.Link(At(words[1]), At(words[2]))),
        "list" => string.Join(' ', Directory.EnumerateFileSystemEntries(At(words[1])).Select(Path.GetFileName).Order(StringComparer.Ordinal)),
        "stat" => Stat(At(words[1])),
        "handle" => Handle(At(words[1])),
        "open-handle" => OpenHandle(words[1], Convert.FromHexString(words[2])),
        "shutdown" => Shutdown(uint.Parse(words[1], CultureInfo.InvariantCulture)),
        "sync" => Text(Kernel.Call(74, (nint)_files[words[1]])),
        _ => "?",
    };

    private string At(string path) => Path.Combine(root, path);

    private long Remember(string name, long fd) => _files[name] = fd;

    private string Map(string name, string file, long length)
    {
        long address = Kernel.Map(_files[file], length, isShared: true);
        _maps[name] = (address, length);
        return address is < 0 and > -4096 ? Text(address) : "0";
    }

    private static string Read(long fd, long offset, int length)
    {
        byte[] bytes = new byte[length];
        long got = Kernel.Read(fd, bytes, offset);
        return got < 0 ? Text(got) : Encoding.Latin1.GetString(bytes, 0, (int)got);
    }

    private static string Store(long address, string text)
    {
        Encoding.Latin1.GetBytes(text).CopyTo(new Span<byte>((byte*)address, text.Length));
        return "0";
    }

    private static string Stat(string path)
    {
        long result = Kernel.Stat(path, out FileStatus status);
        return result < 0
            ? Text(result)
            : string.Create(CultureInfo.InvariantCulture, $"{status.Size} {status.Blocks} {status.LinkCount} {status.Mode} {status.ModifySeconds}.{status.ModifyNanoseconds:d9} {status.ChangeSeconds}.{status.ChangeNanoseconds:d9}");
    }

    /// <summary>name_to_handle_at.</summary>
    private static string Handle(string path)
    {
        byte* handle = stackalloc byte[136];
        int mount = 0;
        *(int*)handle = 128;
        nint place = (nint)handle;
        nint mountPlace = (nint)(&mount);
        long result = Kernel.WithPath(path, p => Kernel.Call(303, Kernel.AtFdCwd, p, place, mountPlace, 0));
        return result < 0 ? Text(result) : Convert.ToHexString(new ReadOnlySpan<byte>(handle, 8 + *(int*)handle));
    }

    private string OpenHandle(string name, byte[] handle)
    {
        long directory = Kernel.Open(root, 0x10000);
        fixed (byte* start = handle)
        {
            _files[name] = Kernel.Call(304, (nint)directory, (nint)start, 0);
        }

        Kernel.Close(directory);
        return Text(Math.Min(0, _files[name]));
    }

    /// <summary>XFS_IOC_GOINGDOWN.</summary>
    private string Shutdown(uint flag)
    {
        long directory = Kernel.Open(root, 0x10000);
        uint word = flag;
        long result = Kernel.Call(16, (nint)directory, unchecked((nint)0x8004587Du), (nint)(&word));
        Kernel.Close(directory);
        return Text(result);
    }

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);

    private static string Text(long result) => result.ToString(CultureInfo.InvariantCulture);
}
