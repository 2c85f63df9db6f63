using Adit.Cli.Output;
using Spectre.Console;

namespace Adit.Cli.Copying;

/// <summary>The progress bar of a copy, drawn by a thread of its own; nothing at all where standard error is no terminal.</summary>
internal sealed class CopyProgress : IDisposable
{
    private readonly ManualResetEventSlim _done = new();
    private readonly Thread? _painter;
    private long _copiedBytes;
    private long _totalBytes;
    private string _current = "";

    private CopyProgress(CommandOutput output, bool isShown)
    {
        IsShown = isShown;
        if (isShown)
        {
            _painter = new Thread(() => Paint(output)) { IsBackground = true, Name = "adit-progress" };
            _painter.Start();
        }
    }

    public bool IsShown { get; }

    public long TotalBytes
    {
        get => Interlocked.Read(ref _totalBytes);
        set => Interlocked.Exchange(ref _totalBytes, value);
    }

    public static CopyProgress Start(CommandOutput output) => new(output, CommandOutput.IsErrorTerminal);

    public void Add(long bytes) => Interlocked.Add(ref _copiedBytes, bytes);

    public void Current(string name) => Volatile.Write(ref _current, name);

    public void Dispose()
    {
        _done.Set();
        _painter?.Join();
    }

    private void Paint(CommandOutput output) => output.Messages.Progress()
        .AutoClear(true)
        .HideCompleted(false)
        .Columns(new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            var task = context.AddTask("", autoStart: true, maxValue: 1);
            while (!_done.Wait(100))
            {
                task.MaxValue = Math.Max(1, TotalBytes);
                task.Value = Math.Min(task.MaxValue, Interlocked.Read(ref _copiedBytes));
                task.Description = Markup.Escape(Volatile.Read(ref _current));
            }
        });
}
