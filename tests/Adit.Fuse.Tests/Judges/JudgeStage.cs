using Adit.Checking;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Mounts;
using Adit.Media;
using Adit.TestKit;

namespace Adit.Fuse.Tests.Judges;

/// <summary>A mounted volume of a size that people have, in a file; checked when it is unmounted, data and checksums included.</summary>
internal sealed class JudgeStage : IDisposable
{
    private readonly TemporaryDirectory _folder;
    private readonly string _image;
    private readonly Volume _volume;

    /// <param name="limit">How long the test may take.</param>
    /// <param name="sizeBytes">Of the volume; the host gives blocks as they are used.</param>
    public JudgeStage(JudgedOn on, TimeSpan limit, long sizeBytes = 3L << 30)
    {
        _folder = new TemporaryDirectory(on == JudgedOn.Memory && Directory.Exists("/dev/shm") ? "/dev/shm" : null);
        _image = _folder.File("judged.adit");
        _volume = Volume.Create(_image, new CreateOptions { SizeBytes = sizeBytes, Kind = on == JudgedOn.Memory ? MediumKind.PmemEmulated : MediumKind.File });
        Mount = new TestMount(new MountOptions { Dax = on == JudgedOn.Memory ? DaxMode.Inode : DaxMode.Never, AllowOther = true }, _volume, limit);
    }

    public TestMount Mount { get; }

    public Volume Volume => _volume;

    /// <summary>Runs a script in the folder with <c>mnt</c> and <c>scratch</c>, politely to others on the machine.</summary>
    public ShellResult Run(string script, TimeSpan limit) => Mount.Run($"renice -n 10 $$ >/dev/null\n{script}", (int)limit.TotalSeconds);

    public void Dispose()
    {
        Mount.Dispose();
        _volume.Dispose();
        CheckReport report = VolumeChecker.Check(_image);
        _folder.Dispose();
        Assert.Empty(report.Findings);
    }
}
