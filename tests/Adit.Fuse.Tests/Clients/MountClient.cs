using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Adit.Fuse.Tests.Mounts;

namespace Adit.Fuse.Tests.Clients;

/// <summary>A process that uses a mount, command by command, and keeps files and mappings of it open in between. The test's own process
/// serves the mount and must not touch it. Ends with the test.</summary>
internal sealed class MountClient : IDisposable
{
    private const int PatienceMs = 20_000;
    private const int StartPatienceMs = 60_000;
    private readonly TestFolder _folder = new();
    private readonly Process _process;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    public MountClient(string root)
    {
        string path = Path.Combine(_folder.Path, "s");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        ProcessStartInfo start = new("setsid") { UseShellExecute = false };
        foreach (string word in (string[])["sh", "-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "sh", "dotnet", "exec", typeof(MountClient).Assembly.Location, "client", path, root])
        {
            start.ArgumentList.Add(word);
        }

        _process = Process.Start(start)!;
        if (!listener.Poll(TimeSpan.FromMilliseconds(StartPatienceMs), SelectMode.SelectRead))
        {
            _process.Kill(entireProcessTree: true);
            _process.Dispose();
            _folder.Dispose();
            Assert.Fail("the client did not start");
        }

        _stream = new NetworkStream(listener.Accept(), ownsSocket: true) { ReadTimeout = PatienceMs, WriteTimeout = PatienceMs };
        _reader = new StreamReader(_stream, Encoding.Latin1);
        _writer = new StreamWriter(_stream, Encoding.Latin1) { AutoFlush = true, NewLine = "\n" };
    }

    /// <summary>Opens a file and keeps it open under a name.</summary>
    /// <param name="flags">O_RDWR 2, O_CREAT 64.</param>
    public void Open(string name, string path, int flags = 2) =>
        Assert.True(Number(Do("open", name, path, flags.ToString(CultureInfo.InvariantCulture))) >= 0, $"open {path}");

    public void Close(string name) => Succeed("close", name);

    public string Read(string name, long offset, int length) => Do("read", name, Word(offset), Word(length));

    public void Write(string name, long offset, string text) => Assert.Equal(Word(text.Length), Do("write", name, Word(offset), text));

    public void Map(string name, string file, long length) => Succeed("map", name, file, Word(length));

    public string Load(string map, long offset, int length) => Do("load", map, Word(offset), Word(length));

    public void Store(string map, long offset, string text) => Succeed("store", map, Word(offset), text);

    public void Succeed(params string[] words) => Assert.Equal("0", Do(words));

    public ClientStatus Stat(string path)
    {
        string answer = Do("stat", path);
        string[] words = answer.Split(' ');
        return words.Length == 6
            ? new ClientStatus(0, Number(words[0]), Number(words[1]), Number(words[2]), Number(words[3]), decimal.Parse(words[4], CultureInfo.InvariantCulture), decimal.Parse(words[5], CultureInfo.InvariantCulture))
            : new ClientStatus(Number(answer), 0, 0, 0, 0, 0, 0);
    }

    /// <summary>One command; see <see cref="ClientProgram"/>.</summary>
    public string Do(params string[] words)
    {
        _writer.WriteLine(string.Join('|', words));
        return _reader.ReadLine() ?? throw new InvalidOperationException($"the client ended at {string.Join(' ', words)}");
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            _process.Kill();
            _process.WaitForExit(TimeSpan.FromSeconds(5));
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private static string Word(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}

/// <summary>What a client's stat said.</summary>
/// <param name="Error">0, or a negative errno.</param>
internal readonly record struct ClientStatus(long Error, long Size, long Blocks, long LinkCount, long Mode, decimal Modified, decimal Changed);
