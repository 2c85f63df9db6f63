using Adit.Fuse.Options;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Public programs that check a file system, on a mount. What they found is in <c>docs/COMPATIBILITY.md</c>.</summary>
[Collection(MountCollection.Name)]
[Trait("Tier", "long")]
public sealed class JudgeTests(ITestOutputHelper output)
{
    /// <summary>Stressors of stress-ng that use files (mmapfork, of their class, fills memory and uses none); those that its version does not have are passed over and named.</summary>
    private const string Stressors =
        "access chdir chmod chown copy-file dentry dir dirdeep dirmany dup fallocate fanotify fcntl fiemap file-ioctl filename flock fpunch fsize fstat "
        + "getdent handle hdd inode-flags inotify io iomix lease link locka lockf lockofd mknod mmap msync open readahead rename seal seek sendfile "
        + "symlink sync-file touch utime verity xattr acl rmdir truncate unlink metamix filerace lockmix";

    [MountFact("stress-ng")]
    public void Stressors_of_files_find_nothing_wrong()
    {
        using TestMount mount = new(limit: TimeSpan.FromMinutes(15));
        mount.Run("chmod 1777 mnt").MustSucceed();
        List<string> failed = [];
        int passed = 0;
        int lacking = 0;
        foreach (string stressor in Stressors.Split(' '))
        {
            // Its usual file is larger than this volume.
            string less = stressor == "iomix" ? " --iomix-bytes 64M" : "";
            ShellResult result = mount.Run($"timeout 90 stress-ng --{stressor} 2{less} -t 2 --temp-path {mount.Path} --verify 2>&1", 110);
            if (result.Output.Contains("unrecognized option", StringComparison.Ordinal))
            {
                output.WriteLine($"{stressor}: not in this version");
            }
            else if (result.ExitCode is 0)
            {
                passed++;
            }
            else if (result.ExitCode is 3 or 4)
            {
                output.WriteLine($"{stressor}: says that the system lacks what it needs");
                lacking++;
            }
            else
            {
                failed.Add($"{stressor}: exit {result.ExitCode}\n{result.Output}");
            }
        }

        output.WriteLine($"{passed} stressors passed, {lacking} lack something");
        Assert.True(passed > 30, $"only {passed} stressors ran");
        Assert.True(failed.Count == 0, string.Join('\n', failed));
    }

    [MountFact("fio")]
    public void Fio_verifies_what_it_wrote_in_every_mode()
    {
        foreach (DaxMode mode in Enum.GetValues<DaxMode>())
        {
            using TestMount mount = new(new MountOptions { Dax = mode }, limit: TimeSpan.FromMinutes(5));
            foreach (string way in (string[])["psync --direct=0", "psync --direct=1", "mmap --direct=0", "libaio --direct=1 --iodepth=16", "io_uring --direct=1 --iodepth=16", "psync --direct=0 --fsync=8"])
            {
                mount.Run($"timeout 50 fio --name=v --directory=mnt --size=32M --bs=512-64k --bs_unaligned=1 --rw=randrw --numjobs=2 --ioengine={way} --verify=crc32c --verify_fatal=1 --do_verify=1 --group_reporting --unlink=1 2>&1", 60).MustSucceed();
            }
        }
    }

    [MountFact("dbench")]
    public void Dbench_runs_to_its_end()
    {
        using TestMount mount = new(limit: TimeSpan.FromMinutes(4));
        string said = mount.Run("timeout 150 dbench -t 8 -D mnt 4 2>&1 | grep -E 'Throughput|failed|ERROR'; exit ${PIPESTATUS[0]}", 170).MustSucceed().Output;
        output.WriteLine(said);
        Assert.Contains("Throughput", said, StringComparison.Ordinal);
        Assert.DoesNotContain("ERROR", said, StringComparison.Ordinal);
    }

    [MountFact("tar", "rsync", "getfacl", "setfacl", "getfattr", "setfattr")]
    public void Archives_carry_access_lists_attributes_holes_and_special_files_there_and_back()
    {
        using TestMount mount = new();
        mount.Run("""
            mkdir -p mnt/src/d; cd mnt/src
            echo text > d/f; setfacl -m u:1234:rw,g:4321:r d/f; setfacl -d -m u:1234:rwx d
            setfattr -n user.colour -v blue d/f; setfattr -n trusted.secret -v x d/f; setfattr -n security.note -v y d
            truncate -s 20M sparse; echo mid | dd of=sparse bs=1 seek=10000000 conv=notrunc 2>/dev/null
            mkfifo fifo; mknod null c 1 3; mknod blk b 7 200; ln d/f hard; ln -s d/f soft; chmod 6755 d/f; chown 77:88 hard
            touch -d '1999-01-02 03:04:05.123456789' d/f fifo null blk sparse; touch -h -d '2001-01-01' soft
            cd ../..
            list() { (cd "$1"; find . -printf '%p %y %m %U %G %n %l\n' | sort; find . ! -type d -printf '%p %s %T@\n' | sort; getfacl -Rn . ; getfattr -Rdh -m - . | sort) 2>/dev/null; }
            tar --acls --xattrs --xattrs-include='*' -Scpf scratch/t.tar -C mnt/src .
            mkdir mnt/untarred mnt/synced
            tar --acls --xattrs --xattrs-include='*' -xpf scratch/t.tar -C mnt/untarred
            rsync -aHAXS mnt/src/ mnt/synced/
            list mnt/src > scratch/a; list mnt/untarred > scratch/b; list mnt/synced > scratch/c
            diff scratch/a scratch/b; diff scratch/a scratch/c
            grep -q 'user:1234:rw' scratch/a; grep -q trusted.secret scratch/a
            test $(stat -c %b mnt/untarred/sparse) -le 64; test $(stat -c %b mnt/synced/sparse) -le 64
            """).MustSucceed();
    }

    [MountFact("git", "sqlite3")]
    public void Git_and_a_mapped_database_stay_sound()
    {
        using TestMount mount = new(limit: TimeSpan.FromMinutes(4));
        mount.Run("""
            export HOME=$PWD/scratch GIT_CONFIG_NOSYSTEM=1
            git init -q mnt/repo; cd mnt/repo; git config user.email t@t; git config user.name t
            for round in $(seq 8); do
                for i in $(seq 60); do head -c $((RANDOM % 9000 + 1)) /dev/urandom > file$i; done
                git add -A; git commit -qm "round $round"
            done
            git gc -q --aggressive; git fsck --full --strict; cd ..
            git clone -q repo copy; git -C copy fsck --full; diff -r -x .git repo copy
            """, 120).MustSucceed();
        mount.Run("""
            sqlite3 mnt/db "pragma journal_mode=wal; pragma mmap_size=268435456; create table t(a integer primary key, b blob);
              with recursive n(i) as (select 1 union all select i+1 from n where i<20000) insert into t select i, randomblob(100) from n;
              update t set b=randomblob(300) where a%3=0; delete from t where a%7=0; vacuum; pragma integrity_check;" | grep -qx ok
            """).MustSucceed();
    }
}
