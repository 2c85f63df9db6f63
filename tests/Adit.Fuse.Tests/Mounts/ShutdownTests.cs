using Adit.Fuse.Tests.Clients;
using Adit.Media;
using Adit.Metadata;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>The ioctl by which crash tests stop a file system, and what is there afterwards.</summary>
[Collection(MountCollection.Name)]
public sealed class ShutdownTests
{
    private const string InputOutputError = "-5";

    [MountFact]
    public void Shutdown_makes_everything_fail_and_loses_only_what_was_not_synced()
    {
        using TestFolder folder = new();
        string image = Path.Combine(folder.Path, "v.adit");
        using (Volume volume = Volume.Create(image, new CreateOptions { SizeBytes = 64 << 20 }))
        {
            // Nothing becomes durable by itself meanwhile.
        }

        using (Volume volume = Volume.Open(image, new VolumeOptions { CommitInterval = TimeSpan.FromMinutes(10) }))
        {
            using TestMount mount = new(nodes: volume);
            using MountClient client = new(mount.Path);
            client.Open("f", "synced", 2 | 64);
            client.Write("f", 0, "durable");
            client.Succeed("sync", "f");
            client.Succeed("mkdir", "lost");

            Assert.Equal("0", client.Do("shutdown", "2"));

            Assert.Equal(InputOutputError, client.Do("write", "f", "0", "late"));
            Assert.Equal(InputOutputError, client.Do("read", "f", "0", "7"));
            Assert.Equal(InputOutputError, client.Do("mkdir", "late"));
            Assert.Equal(InputOutputError, client.Do("sync", "f"));
            client.Close("f");
        }

        using (Volume volume = Volume.Open(image))
        {
            using AditFile file = volume.OpenFile("/synced");
            byte[] bytes = new byte[10];
            Assert.Equal("durable"u8, bytes.AsSpan(0, file.Read(0, bytes)));
            Assert.False(volume.Exists("/lost"), "the shutdown wrote what it was told not to");
        }
    }

    [MountFact]
    public void Shutdown_with_a_flush_keeps_everything()
    {
        using TestFolder folder = new();
        string image = Path.Combine(folder.Path, "v.adit");
        using (Volume volume = Volume.Create(image, new CreateOptions { SizeBytes = 64 << 20 }))
        {
            using TestMount mount = new(nodes: volume);
            using MountClient client = new(mount.Path);
            client.Succeed("mkdir", "kept");
            Assert.Equal("-22", client.Do("shutdown", "9"));
            Assert.Equal("0", client.Do("shutdown", "0"));
            Assert.Equal(InputOutputError, client.Do("mkdir", "late"));
        }

        using (Volume volume = Volume.Open(image))
        {
            Assert.True(volume.Exists("/kept"));
        }
    }

    [Fact]
    public void Shutdown_is_for_root()
    {
        using Fakes.TestSession session = new(TestNodes.Create());
        byte[] control = Fakes.RequestBytes.Struct(new Fuse.Wire.IoCtlIn { Command = 0x8004_587D, OutSize = 4 });

        Assert.Equal(Interop.Errno.EPERM, session.AskAs(1000, Fuse.Wire.Opcode.IoCtl, 1, out _, control));

        session.Ask<Fuse.Wire.AttrOut>(Fuse.Wire.Opcode.GetAttr, 1, Fakes.RequestBytes.Struct(default(Fuse.Wire.GetAttrIn)));
        ((IDisposable)session.Session.Nodes).Dispose();
    }

    [MountFact]
    public void File_handle_is_good_after_a_remount_and_stale_after_the_file_is_gone()
    {
        MemoryMedium medium = MemoryMedium.CreateShared(64 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium);
        using TestMount mount = new(nodes: volume);
        string file;
        string folder;
        using (MountClient client = new(mount.Path))
        {
            client.Succeed("mkdir", "d");
            client.Open("f", "d/f", 2 | 64);
            client.Write("f", 0, "bytes");
            client.Close("f");
            file = client.Do("handle", "d/f");
            folder = client.Do("handle", "d");
        }

        mount.Remount();
        using (MountClient client = new(mount.Path))
        {
            client.Succeed("open-handle", "f", file);
            Assert.Equal("bytes", client.Read("f", 0, 5));
            client.Close("f");
            client.Succeed("open-handle", "d", folder);
            client.Close("d");
            client.Succeed("unlink", "d/f");
        }

        mount.Remount();
        using (MountClient client = new(mount.Path))
        {
            Assert.Equal("-116", client.Do("open-handle", "f", file));
        }
    }
}
