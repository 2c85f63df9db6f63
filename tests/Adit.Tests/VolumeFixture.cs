using Adit.Media;
using Adit.Metadata;
using Adit.TestKit;

namespace Adit.Tests;

/// <summary>A medium to make and reopen volumes on, of either kind of durability.</summary>
public sealed class VolumeFixture : IDisposable
{
    public const string Memory = "memory";
    public const string File = "file";

    private readonly string? _folder;
    private readonly MemoryMedium? _memory;

    public VolumeFixture(string kind, long sizeBytes = 64 << 20, long logBytes = 0)
    {
        if (kind == Memory)
        {
            _memory = new MemoryMedium(sizeBytes);
            Volume.Format(_memory, new FormatOptions { LogBytes = logBytes, Label = "test" });
        }
        else
        {
            _folder = TestRoot.MakeFolder();
            Volume.Format(Path, new CreateOptions { SizeBytes = sizeBytes, LogBytes = logBytes, Label = "test" });
        }
    }

    public static TheoryData<string> Kinds => [Memory, File];

    public string Path => System.IO.Path.Combine(_folder!, "pool.adit");

    public Volume Open(VolumeOptions? options = null)
    {
        options ??= new VolumeOptions();
        return _memory is null ? Volume.Open(Path, options) : Volume.Open(_memory, options with { LeaveMediumOpen = true });
    }

    public void Dispose()
    {
        _memory?.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
