using Adit.Media;
using Adit.TestKit.Threads;
using Adit.TestKit;
using Adit.Tutorial;

namespace Adit.Tests.Tutorial;

/// <summary>The programs of docs/DIRECT-ACCESS.md, as printed there.</summary>
public sealed class TutorialTests : IDisposable
{
    private readonly string _folder = TestRoot.MakeFolder();

    public static TheoryData<MediumKind> Kinds => [MediumKind.File, MediumKind.PmemEmulated];

    private string Pool => Path.Combine(_folder, "pool.adit");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Counter_goes_on_where_it_was(MediumKind kind)
    {
        Format(kind);

        Assert.Equal("run 1", Run(DurableCounter.Run));
        Assert.Equal("run 2", Run(DurableCounter.Run));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Ring_log_goes_on_behind_its_last_record(MediumKind kind)
    {
        Format(kind);

        Assert.Equal("3 records were logged", Run(RingLog.Run));
        Assert.Equal("6 records were logged", Run(RingLog.Run));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Large_table_is_read_by_many_threads(MediumKind kind)
    {
        Format(kind);

        Assert.Equal("sum 45150, 300 blocks for 10000000000 bytes", Run(LargeTable.Run));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Socket_receives_into_the_medium(MediumKind kind)
    {
        Format(kind);

        Assert.Equal("received what was sent", Run(PinnedSocket.Run));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Lazy_file_is_made_page_by_page_and_only_once(MediumKind kind)
    {
        Format(kind);

        Assert.Equal("sum 181818, 3 pages made", Run(LazyFile.Run));
        Assert.Equal("sum 181818, 0 pages made", Run(LazyFile.Run));
    }

    private void Format(MediumKind kind) => Volume.Format(Pool, new CreateOptions { SizeBytes = 64 << 20, Kind = kind });

    private string Run(Action<string, TextWriter> program)
    {
        StringWriter output = new();
        GuardedThread.Start(() => program(Pool, output)).Join(TimeSpan.FromSeconds(60));
        return output.ToString().TrimEnd();
    }
}
