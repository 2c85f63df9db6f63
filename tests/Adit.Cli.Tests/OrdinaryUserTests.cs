using System.Diagnostics;

namespace Adit.Cli.Tests;

/// <summary>What a user who is not root does: makes a volume, mounts it through fusermount3, works in it, asks about it, unmounts it.</summary>
/// <remarks>In a mount namespace of its own, where /dev/fuse is everybody's, as on most machines, and the user has a name.</remarks>
public sealed class OrdinaryUserTests
{
    private const string Prepare = """
        set -e
        mkdir home; chown 4321:8765 home; chmod 755 .
        mknod fuse c 10 229; chmod 666 fuse; mount --bind fuse /dev/fuse
        (cat /etc/passwd; echo 'adit-tester:x:4321:8765::/nowhere:/bin/sh') > passwd; mount --bind passwd /etc/passwd
        cd home
        as() { setpriv --reuid 4321 --regid 8765 --clear-groups -- env HOME="$PWD" TMPDIR="$PWD" XDG_RUNTIME_DIR= "$@"; }
        refuse() { if as "$@" >refused 2>&1; then echo "not refused: $*"; exit 9; fi; }
        # A test that fails leaves no server.
        trap 'umount -l mnt 2>/dev/null || true' EXIT

        """;

    [MountFact("unshare", "setpriv", "fusermount3", "mknod")]
    public void Ordinary_user_makes_mounts_uses_and_unmounts_a_volume()
    {
        using var folder = new TestFolder();
        var tool = $"dotnet {folder.CopyTool()}";
        var (code, said) = Run(folder, Prepare + $$"""
            as mkdir mnt
            as {{tool}} mkfs pool.adit --size 64M --quota
            as {{tool}} mount pool.adit mnt
            as sh -c 'echo hello > mnt/f; mkdir -p mnt/d/e; ln -s f mnt/l; ln mnt/f mnt/d/h; cp mnt/f mnt/d/e; mv mnt/d/e/f mnt/d/g; chmod 600 mnt/d/g; rm mnt/l'
            test "$(as cat mnt/d/h)" = hello; test $(as stat -c %u:%g mnt) = 4321:8765
            as {{tool}} stat mnt/f; as {{tool}} info mnt; as {{tool}} ls pool.adit:/d
            as {{tool}} quota set mnt --user 4321 --hard 1M
            refuse dd if=/dev/zero of=mnt/big bs=64K count=32; grep -q 'quota exceeded' refused
            as {{tool}} chattr -x $PWD/mnt/d --recursive
            refuse {{tool}} chattr +i $PWD/mnt/f
            refuse chown 1 mnt/f
            as {{tool}} fsck mnt
            as {{tool}} umount mnt
            as {{tool}} fsck pool.adit
            as {{tool}} rm pool.adit:/big; as {{tool}} mkdir pool.adit:/made; as {{tool}} cp pool.adit:/f pool.adit:/made/copy
            as {{tool}} mount pool.adit mnt -o ro
            refuse touch mnt/x; as sh -c 'test -d mnt/made; test $(stat -c %u mnt/made/copy) = 4321'
            as {{tool}} umount mnt
            """);
        Assert.True(code == 0, $"exit {code}\n{said}");
    }

    [MountFact("unshare", "setpriv", "fusermount3", "mknod")]
    public void Ordinary_users_mount_outlives_its_server_and_is_upgraded_by_that_user_and_by_root_only()
    {
        using var folder = new TestFolder();
        var tool = $"dotnet {folder.CopyTool()}";
        var (code, said) = Run(folder, Prepare + $$"""
            pid() { as {{tool}} info mnt --json | grep -o '"owner_pid":[0-9]*' | grep -o '[0-9]*$'; }
            as mkdir mnt
            as {{tool}} mkfs pool.adit --size 64M
            as {{tool}} mount pool.adit mnt
            first=$(pid)
            as bash -c "
                exec 5<> mnt/open; echo kept >&5; rm mnt/open
                kill -9 $first
                echo more >&5; test \"\$(cat /proc/self/fd/5)\" = \"\$(printf 'kept\nmore')\"; echo text > mnt/f"
            second=$(pid); test $second != $first
            as {{tool}} upgrade mnt; third=$(pid); test $third != $second; test "$(as cat mnt/f)" = text
            {{tool}} upgrade pool.adit; fourth=$(pid); test $fourth != $third
            test $(stat -c %u /proc/$fourth) = 4321
            as {{tool}} mount -o remount,dax=never,noatime mnt; as {{tool}} info mnt | grep -q 'rw,noatime,dax=never'
            refuse {{tool}} mount -o remount,ro mnt; grep -q 'only root' refused; as touch mnt/after; fourth=$(pid)
            if setpriv --reuid 4322 --regid 8765 --clear-groups -- env HOME=/ TMPDIR= {{tool}} upgrade pool.adit >refused 2>&1; then exit 8; fi
            grep -q "another user's" refused; test $(pid) = $fourth
            test "$(as cat mnt/f)" = text
            as {{tool}} umount mnt
            as {{tool}} fsck pool.adit
            """);
        Assert.True(code == 0, $"exit {code}\n{said}");
    }

    /// <summary>Runs a script as root in the folder and in a mount namespace of its own.</summary>
    internal static (int Code, string Said) Run(TestFolder folder, string script)
    {
        File.WriteAllText(folder["script"], script);
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = Path.GetDirectoryName(folder["script"])!,
        };
        foreach (var word in new[] { "sh", "-c", "exec unshare -m --propagation private bash script </dev/null >said 2>&1" })
        {
            start.ArgumentList.Add(word);
        }

        using var process = Process.Start(start)!;
        var inTime = process.WaitForExit(TimeSpan.FromSeconds(90));
        if (!inTime)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        return (inTime ? process.ExitCode : -1, File.ReadAllText(folder["said"]));
    }
}
