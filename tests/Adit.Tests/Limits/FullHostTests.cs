using System.Diagnostics;
using Adit.Interop;
using Adit.Nodes;
using Adit.TestKit;

namespace Adit.Tests.Limits;

/// <summary>A volume in a sparse file on a host file system that is smaller than the volume.</summary>
public sealed class FullHostTests : IDisposable
{
    private readonly string _folder = TestRoot.MakeFolder();
    private bool _isMounted;

    [RootFact]
    public void Full_host_is_ENOSPC_and_what_was_written_stays()
    {
        Run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", _folder);
        _isMounted = true;
        string path = Path.Combine(_folder, "pool.adit");
        Volume.Format(path, new CreateOptions { SizeBytes = 128 << 20, LogBytes = 256 << 10 });
        byte[] bytes = Bytes.Of(100_000, 1);
        long length = 0;
        using (Volume volume = Volume.Open(path))
        {
            using (AditFile file = volume.OpenFile("/f", FileMode.CreateNew))
            {
                Errno errno;
                while ((errno = file.Node.Append(bytes, out _, out int written)) == Errno.Success)
                {
                    length += written;
                    Assert.True(length < 64 << 20, "the host must fill up first");
                }

                Assert.Equal(Errno.ENOSPC, errno);
                length = file.Length;
            }

            Assert.True(length > 4 << 20, $"only {length} bytes fit");
            volume.Sync();
            VolumeProof.Check(volume);
        }

        using (Volume volume = Volume.Open(path))
        {
            using (AditFile file = volume.OpenFile("/f"))
            {
                byte[] read = new byte[bytes.Length];
                for (long offset = 0; offset + bytes.Length <= length; offset += bytes.Length)
                {
                    Assert.Equal(bytes.Length, file.Read(offset, read));
                    Assert.True(read.AsSpan().SequenceEqual(bytes), $"the bytes at {offset} changed");
                }
            }

            // Room that was freed inside the volume can be used again, whatever the host says.
            volume.Delete("/f");
            volume.Sync();
            using AditFile again = volume.OpenFile("/g", FileMode.CreateNew);
            Assert.Equal(Errno.Success, again.Node.Append(bytes, out _, out _));
            VolumeProof.Check(volume);
        }
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", _folder);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static void Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)), $"{command} hangs");
        Assert.True(process.ExitCode == 0, errors);
    }
}
