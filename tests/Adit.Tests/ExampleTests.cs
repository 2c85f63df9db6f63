using System.Text;
using Adit.TestKit;

namespace Adit.Tests;

/// <summary>The example of the README, as it stands there.</summary>
public sealed class ExampleTests
{
    [Fact]
    public void Readme_example_stores_and_reads_back()
    {
        using TemporaryDirectory folder = new();
        string path = folder.File("pool.adit");
        Volume.Format(path, new CreateOptions { SizeBytes = 64 << 20 });
        using var volume = Volume.Open(path);
        using var file = volume.OpenFile("/log", FileMode.OpenOrCreate);
        file.Append("committed\n"u8);
        file.Flush();
        using var bytes = file.ReadDirect(0, 10);
        Assert.Equal("committed\n", Encoding.UTF8.GetString(bytes.Span));
    }
}
