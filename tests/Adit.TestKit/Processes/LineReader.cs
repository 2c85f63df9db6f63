using System.Text;

namespace Adit.TestKit.Processes;

/// <summary>Reads the whole lines of a pipe on a thread of its own, so that nothing waits for a busy thread pool. A last line
/// that was cut short is none.</summary>
public sealed class LineReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StreamReader _pipe;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _hasFirst = new();
    private readonly List<string> _lines = [];

    public LineReader(StreamReader pipe)
    {
        _pipe = pipe;
        _thread = new Thread(Read) { IsBackground = true, Name = "pipe reader" };
        _thread.Start();
    }

    /// <summary>What was read so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public bool WaitForFirst(TimeSpan patience) => _hasFirst.Wait(patience);

    /// <summary>Returns true once so many lines were read.</summary>
    public bool WaitForMany(int count, TimeSpan patience) => SpinWait.SpinUntil(() => Lines.Count >= count, patience);

    /// <summary>Returns true once the pipe's writers have all closed it.</summary>
    public bool WaitForEnd(TimeSpan patience) => _thread.Join(patience);

    public void Dispose()
    {
        if (_thread.Join(Patience))
        {
            _hasFirst.Dispose();
        }
    }

    private void Read()
    {
        StringBuilder line = new();
        for (int character = _pipe.Read(); character >= 0; character = _pipe.Read())
        {
            if (character != '\n')
            {
                line.Append((char)character);
                continue;
            }

            lock (_lines)
            {
                _lines.Add(line.ToString());
            }

            line.Clear();
            _hasFirst.Set();
        }
    }
}
