using System.Diagnostics;
using Adit.TestKit;

namespace Adit.Cli.Tests;

/// <summary>The program that mount(8) calls for <c>mount -t fuse.adit</c> and for lines of fstab, called as mount(8) calls it.</summary>
public sealed class MountHelperTests
{
    [MountFact]
    public void Helper_mounts_with_the_words_of_fstab_and_remounts_with_those_that_mount_passes_on()
    {
        using var folder = new TestFolder();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");

        Help(0, volume, mount, "-f", "-o", "rw");
        Assert.DoesNotContain(mount, File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
        Help(0, volume, mount, "-s", "-o", "rw,noauto,nofail,_netdev,x-systemd.automount,noatime,user", "-t", "fuse.adit");
        File.WriteAllText(Path.Combine(mount, "f"), "text");
        Help(0, volume, mount, "-o", "rw,noatime,user_id=0,group_id=0,default_permissions,allow_other,remount,ro,dax=always", "-t", "fuse.adit");
        Assert.Contains("ro,noatime,dax=always", AditTool.Run("info", mount).Expect(0).Output, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(mount, "g"), "text"));
        Assert.Equal("text", File.ReadAllText(Path.Combine(mount, "f")));
        Help(0, volume, mount, "-o", "remount,rw");
        Assert.Contains("rw,noatime,dax=always", AditTool.Run("info", mount).Expect(0).Output, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(mount, "g"), "text");
        AditTool.Run("umount", mount).Expect(0);

        Assert.Contains("frobnicate", Help(2, volume, mount, "-o", "frobnicate"), StringComparison.Ordinal);
    }

    [MountFact("unshare", "mount", "ln")]
    public void Programs_mount_and_remount_volumes_of_fstab_and_others()
    {
        using var folder = new TestFolder();
        folder.MakeVolume();
        folder.MakeVolume("other.adit");

        // The helper lies where mount(8) looks, and the volume in fstab, in this namespace alone.
        var (code, said) = OrdinaryUserTests.Run(folder, $$"""
            set -e
            export ADIT='dotnet {{AditTool.Assembly}}'
            mkdir orig sbin mnt mnt2; mount --bind /usr/sbin orig; ln -s "$PWD"/orig/* sbin/
            install -m 755 '{{Path.Combine(SourceTree.Root, "eng", "mount.fuse.adit")}}' sbin/mount.fuse.adit; mount --bind sbin /usr/sbin
            echo "$PWD/pool.adit $PWD/mnt fuse.adit noatime,nofail,dax=always 0 0" > fstab; mount --bind fstab /etc/fstab
            trap 'umount -l mnt mnt2 2>/dev/null || true' EXIT
            set -x
            options() { $ADIT info ${1:-mnt} | grep '^options'; }

            mount "$PWD/mnt"; options | grep -q ' rw,noatime,dax=always$'
            touch mnt/f; mount -o remount,ro "$PWD/mnt"; options | grep -q ' ro,noatime,dax=always$'
            if touch mnt/g; then exit 8; fi
            mount -o remount,rw,dax=never "$PWD/mnt"; options | grep -q ' rw,noatime,dax=never$'; touch mnt/g
            umount mnt

            mount -t fuse.adit -o strictatime,nodiratime,sync other.adit mnt2
            mount -o remount,ro,nosuid "$PWD/mnt2"; options mnt2 | grep -q ' ro,sync,strictatime,nodiratime,dax=inode,nosuid$'
            mount -o remount,rw "$PWD/mnt2"; options mnt2 | grep -q ' rw,sync,strictatime,nodiratime,dax=inode'
            if mount -o remount,frobnicate "$PWD/mnt2"; then exit 9; fi
            touch mnt2/f; $ADIT umount mnt2; $ADIT fsck other.adit; $ADIT fsck pool.adit
            """);
        Assert.True(code == 0, $"exit {code}\n{said}");
    }

    private static string Help(int exitCode, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", [Path.Combine(SourceTree.Root, "eng", "mount.fuse.adit"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ADIT"] = $"dotnet {Path.Combine(AppContext.BaseDirectory, "Adit.Cli.dll")}";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)) && errors.Wait(TimeSpan.FromSeconds(10)), "the helper does not end");
        Assert.True(exitCode == process.ExitCode, $"exit code {process.ExitCode}: {errors.Result}");
        return errors.Result;
    }
}
