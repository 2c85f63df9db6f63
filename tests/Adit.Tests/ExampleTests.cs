using System.Text;

namespace Adit.Tests;

/// <summary>The example of the README, as it stands there.</summary>
public sealed class ExampleTests
{
    [Fact]
    public void Readme_example_stores_and_reads_back()
    {
        string folder = Directory.CreateTempSubdirectory("adit-tests-").FullName;
        try
        {
            string path = Path.Combine(folder, "pool.adit");
            using Volume volume = Volume.Create(path, new CreateOptions { SizeBytes = 64 << 20 });
            volume.CreateDirectory("/notes");
            using AditFile file = volume.OpenFile("/notes/first.txt", FileMode.Create);
            file.Append("a level passage straight into a mine"u8);
            using DirectRead direct = file.ReadDirect(2, 13);
            Assert.Equal("level passage", Encoding.UTF8.GetString(direct.Span));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
