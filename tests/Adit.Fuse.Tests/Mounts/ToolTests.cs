using Adit.Fuse.Options;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Programs that people use, on a mount.</summary>
[Collection(MountCollection.Name)]
public sealed class ToolTests
{
    private const string MakeTree = """
        mkdir -p scratch/tree/a/b/c "scratch/tree/with space" scratch/tree/ünïcödé
        for i in $(seq 40); do head -c $((i * 1777)) /dev/urandom > scratch/tree/a/file$i; done
        head -c 3000000 /dev/urandom > scratch/tree/big
        truncate -s 5000000 scratch/tree/sparse; echo end >> scratch/tree/sparse
        ln -s ../a/file1 scratch/tree/a/link; ln -s /nowhere scratch/tree/dangling
        ln scratch/tree/big scratch/tree/hard; mkfifo scratch/tree/fifo; mknod scratch/tree/null c 1 3
        chmod 4755 scratch/tree/a/file2; chmod 1777 scratch/tree/a/b; chown 1234:4321 scratch/tree/a/file3
        touch -d '2001-02-03 04:05:06.789012345' scratch/tree/a/file4
        : > scratch/tree/empty; echo text > "scratch/tree/with space/ünïcödé"
        """;

    [MountFact]
    public void Copied_tree_compares_equal_also_after_a_remount()
    {
        using TestMount mount = new();
        mount.Run($"{MakeTree}\ncp -a scratch/tree mnt/").MustSucceed();
        const string List = "(find . ! -type d -printf '%p %y %m %U %G %s %l %T@ %n\\n'; find . -type d -printf '%p %m %U %G %T@\\n') | sort";
        const string Compare = "diff -r --no-dereference -x fifo -x null scratch/tree mnt/tree";
        mount.Run(Compare).MustSucceed();
        mount.Run($"diff <(cd scratch/tree; {List}) <(cd mnt/tree; {List})").MustSucceed();

        mount.Remount();

        mount.Run(Compare).MustSucceed();
        mount.Run($"diff <(cd scratch/tree; {List}) <(cd mnt/tree; {List})").MustSucceed();
        mount.Run("rm -rf mnt/tree; test -z \"$(ls -A mnt)\"").MustSucceed();
    }

    [MountFact("tar")]
    public void Tar_packs_and_unpacks_what_compares_equal()
    {
        using TestMount mount = new();
        mount.Run($"""
            {MakeTree}
            tar -C scratch -cf mnt/t.tar tree
            mkdir mnt/out scratch/back
            tar -C mnt/out -xpf mnt/t.tar
            tar -C mnt/out -cSf scratch/t2.tar tree
            tar -C scratch/back -xpf scratch/t2.tar
            diff -r --no-dereference -x fifo -x null scratch/tree scratch/back/tree
            diff -r --no-dereference -x fifo -x null scratch/tree mnt/out/tree
            """).MustSucceed();
    }

    [MountFact("rsync", "setfattr", "setfacl", "getfacl")]
    public void Rsync_keeps_links_attributes_and_access_lists()
    {
        using TestMount mount = new();
        mount.Run($"""
            {MakeTree}
            rsync -aHS scratch/tree/ mnt/tree/
            setfattr -n user.colour -v red mnt/tree/big
            setfacl -m u:1234:rwx mnt/tree/a/file1
            setfacl -d -m g:4321:rx mnt/tree/a/b
            rsync -aHAX mnt/tree/ mnt/second/
            diff -r --no-dereference -x fifo -x null scratch/tree mnt/second
            test "$(getfattr --only-values -n user.colour mnt/second/big)" = red
            diff <(cd mnt/tree; getfacl -R -n .) <(cd mnt/second; getfacl -R -n .)
            test "$(stat -c %i mnt/second/big)" = "$(stat -c %i mnt/second/hard)"
            rsync -aHAX --delete --itemize-changes mnt/tree/ mnt/second/ > scratch/changes
            test ! -s scratch/changes
            """).MustSucceed();
    }

    [MountFact("git")]
    public void Git_commits_clones_and_checks()
    {
        using TestMount mount = new();
        mount.Run("""
            export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b HOME=$PWD/scratch
            git init -q mnt/repo; cd mnt/repo
            for i in $(seq 100); do mkdir -p d$((i % 7)); seq $i 500 > d$((i % 7))/f$i; done
            git add -A; git commit -q -m one
            for i in $(seq 1 3 100); do echo $i >> d$((i % 7))/f$i; done; git mv d1 e1
            git commit -q -a -m two; git gc -q; git fsck --full --strict
            cd ..; git clone -q repo clone; diff -r -x .git repo clone
            git -C clone status --porcelain | tee /dev/stderr | wc -l | grep -qx 0
            """).MustSucceed();
    }

    [MountFact("sqlite3")]
    public void Sqlite_works_with_a_write_ahead_log_a_memory_map_and_two_writers()
    {
        using TestMount mount = new();
        mount.Run("""
            db=mnt/test.db
            sqlite3 $db 'pragma journal_mode=wal; create table t(id integer primary key, worker int, v text);' > /dev/null
            for w in 1 2 3; do
              (for i in $(seq 25); do sqlite3 -cmd '.timeout 20000' -cmd 'pragma mmap_size=268435456' $db "insert into t(worker, v) values($w, hex(randomblob(500)));" > /dev/null; done) &
            done
            wait
            test "$(sqlite3 $db 'select count(*) from t; pragma integrity_check;' | tr '\n' ' ')" = '75 ok '
            sqlite3 $db 'pragma journal_mode=delete; vacuum;' > /dev/null
            test "$(sqlite3 $db 'select count(distinct v) from t')" = 75
            """).MustSucceed();
    }

    [MountFact("fio")]
    public void Fio_finds_what_it_wrote_by_every_way()
    {
        using TestMount mount = new();
        string common = "--filename=mnt/fio --size=8m --verify=crc32c --verify_fatal=1 --randrepeat=1 --output=scratch/fio.log --minimal";
        mount.Run($"fio --name=buffered --rw=randwrite --bs=512-64k {common}").MustSucceed();
        mount.Run($"fio --name=direct --direct=1 --rw=randwrite --bs=4k {common}").MustSucceed();
        mount.Run($"fio --name=mapped --ioengine=mmap --rw=randwrite --bs=4k {common}").MustSucceed();
        mount.Run($"fio --name=large --rw=write --bs=1m {common}").MustSucceed();
        mount.Run($"fio --name=queued --ioengine=libaio --iodepth=16 --direct=1 --rw=randwrite --bs=4k {common}").MustSucceed();
        mount.Run("rm mnt/fio; fio --name=jobs --numjobs=4 --directory=mnt --size=2m --rw=randrw --bs=4k --verify=crc32c --verify_fatal=1 --output=scratch/fio.log --minimal").MustSucceed();
    }

    [MountFact]
    public void Mapped_file_is_coherent_with_reads_in_every_cache_mode()
    {
        foreach (DaxMode dax in Enum.GetValues<DaxMode>())
        {
            using TestMount mount = new(new MountOptions { Dax = dax });
            mount.Run($"dotnet '{typeof(ToolTests).Assembly.Location}' map mnt/mapped").MustSucceed();
        }
    }

    [MountFact]
    public void Program_and_its_libraries_run_from_the_mount()
    {
        using TestMount mount = new();
        mount.Run("""
            cp /bin/ls mnt/ls; mkdir mnt/lib; cp $(ldd /bin/ls | grep -o '/[^ ]*\.so[^ ]*') mnt/lib/
            cp /bin/ls scratch/plain
            test "$(LD_LIBRARY_PATH=mnt/lib mnt/ls / | wc -l)" = "$(ls / | wc -l)"
            printf '#!/bin/sh\necho ran' > mnt/script; chmod +x mnt/script; test "$(mnt/script)" = ran
            cp /bin/sleep mnt/sleep; mnt/sleep 5 & sleep 0.3
            if cp /bin/true mnt/sleep 2>scratch/busy; then echo overwritten while running; exit 1; fi
            grep -q 'Text file busy' scratch/busy; kill %1; wait || true
            cmp /bin/sleep mnt/sleep
            """).MustSucceed();
    }

    [MountFact("xfs_io", "chattr", "lsattr")]
    public void Holes_copies_flags_and_temporary_files_work()
    {
        using TestMount mount = new();
        mount.Run("""
            cd mnt
            xfs_io -f -c 'pwrite -S 0x61 0 1m' -c 'fpunch 4k 64k' -c 'fzero 128k 4k' -c 'falloc 2m 1m' a > /dev/null
            test $(stat -c %s a) = 3145728
            test "$(head -c 4098 a | tail -c 4 | od -An -tx1)" = ' 61 61 00 00'
            test "$(tail -c +131073 a | head -c 1 | od -An -tx1)" = ' 00'
            xfs_io -f -c 'copy_range -s 0 -d 0 -l 1m a' b > /dev/null
            cmp -n 1048576 a b
            xfs_io -f -c 'falloc -k 0 1m' c > /dev/null; test $(stat -c %s c) = 0
            cp --reflink=auto a d; cmp a d
            if cp --reflink=always a e 2>/dev/null; then exit 1; fi
            chattr +x a; lsattr a | grep -q x; xfs_io -c 'lsattr' a | grep -q x
            chattr -x a; if lsattr a | cut -d' ' -f1 | grep -q x; then exit 1; fi
            xfs_io -T -c 'pwrite 0 64k' -c 'flink linked' . > /dev/null; test $(stat -c %s linked) = 65536
            test "$(stat -c %W a)" -gt 1600000000
            """).MustSucceed();
    }

    [MountFact("xfs_io", "chattr", "lsattr", "perl")]
    public void Flags_are_inherited_and_obeyed_as_ext4_does()
    {
        using TestMount mount = new();
        mount.Run("""
            cd mnt
            no() { if "$@" 2>/dev/null; then echo "allowed: $*"; exit 1; fi; }
            flags() { lsattr -d "$1" | cut -d' ' -f1 | tr -d -; }
            mkdir d; test "$(flags d)" = x
            chattr -x d; chattr +SAdD d; : > d/f; mkdir d/s; mkfifo d/p
            test "$(flags d/f)" = SdA; test "$(flags d/s)" = SDdA
            no chattr +x d; no chattr -D d/f +D; chattr +x d/s; test "$(flags d/s)" = SDdAx
            chattr -SAdD d d/f

            echo one > i; chattr +i i; test "$(flags i)" = ix
            no sh -c 'echo two > i'; no sh -c 'echo two >> i'; no rm i; no mv i j; no ln i j; no chmod 600 i; no chown 1 i
            no touch i; no truncate -s 0 i; no setfattr -n user.a -v 1 i; no xfs_io -c 'falloc 0 1m' i; no chattr +d i
            test "$(cat i)" = one; chattr -i i; echo two > i; rm i

            echo one > a; chattr +a a
            no sh -c 'echo two > a'; no rm a; no mv a b; no ln a b; no truncate -s 0 a; no sh -c 'echo two 1<> a'
            echo two >> a; test "$(tr '\n' ' ' < a)" = 'one two '; touch a; chattr -a a; rm a

            mkdir id; : > id/f; chattr +i id; no touch id/g; no rm id/f; no mkdir id/d; no mv id/f .; no ln d/f id/l; chattr -i id
            chattr +a id; touch id/g; no rm id/f; no mv id/f .; chattr -a id; rm -r id

            xfs_io -c 'chproj 42' d; xfs_io -c 'chattr +P' d; xfs_io -c 'lsproj' d | grep -q 42
            : > d/in; xfs_io -c 'lsproj' d/in | grep -q 42; no ln i2 d/out; : > i2; no ln i2 d/out
            mkdir d/sub; xfs_io -c 'lsattr' d/sub | grep -q P; xfs_io -c 'chattr -P' d

            # The other way of setting flags knows no D, and leaves it; what it does not know it refuses.
            mkdir two; chattr +D two; xfs_io -c 'chattr +d' two; flags two | grep -q D; flags two | grep -q d; xfs_io -c 'lsattr' two | grep -q d
            set_x() { perl -e 'open(F, "<", $ARGV[0]) or die; $a = pack("L5x8", hex $ARGV[1], 0, 0, 0, 0); exit(ioctl(F, 0x401c5820, $a) ? 0 : 1)' "$@"; }
            : > x; set_x x 80008080; no set_x x 4000; no set_x x 8001; test "$(flags x | tr -d x)" = d
            """).MustSucceed();
    }

    [MountFact]
    public void Rules_of_names_and_modes_hold()
    {
        using TestMount mount = new();
        mount.Run("""
            cd mnt
            n=$(printf 'x%.0s' $(seq 255)); : > $n; test -e $n
            if : > ${n}y; then exit 1; fi 2>/dev/null
            umask 027; mkdir d; touch f; test "$(stat -c %a d f | tr '\n' ' ')" = '750 640 '
            if mkdir d 2>/dev/null; then exit 1; fi
            if rmdir / 2>/dev/null; then exit 1; fi
            touch d/in; if rmdir d 2>/dev/null; then exit 1; fi
            mv f d/; test -e d/f; mv -n d/f d/in; test -e d/f; mv d/f d/in; test ! -e d/f
            exec 5> open; rm open; echo alive >&5; test "$(stat -Lc %s /proc/self/fd/5)" = 6; exec 5>&-
            touch -d @0 t; test "$(stat -c %Y t)" = 0; touch t; test "$(stat -c %Y t)" -gt 1600000000
            chown 99:98 t; test "$(stat -c %u:%g t)" = 99:98
            df . | tail -1 | awk '{ exit !($2 > 0 && $4 > 0) }'
            """).MustSucceed();
    }

    [MountFact("setpriv")]
    public void Unprivileged_user_is_bound_by_modes_and_loses_setuid_by_writing()
    {
        using TestMount mount = new();
        mount.Run("""
            cd mnt; chmod 755 .; mkdir -m 777 open; mkdir -m 700 closed; echo secret > closed/s; echo x > open/x; chmod 600 open/x
            as() { setpriv --reuid=1234 --regid=1234 --clear-groups --inh-caps=-all --bounding-set=-all -- "$@"; }
            if as cat closed/s 2>/dev/null; then exit 1; fi
            if as cat open/x 2>/dev/null; then exit 1; fi
            if as touch new 2>/dev/null; then exit 1; fi
            as touch open/mine; test "$(stat -c %u open/mine)" = 1234
            chmod 1777 open; if as rm -f open/x 2>/dev/null; then exit 1; fi
            cp /bin/true open/suid; chmod 6777 open/suid
            as sh -c 'echo more >> open/suid'; test "$(stat -c %a open/suid)" = 777
            chmod 4777 open/suid; echo root >> open/suid; test "$(stat -c %a open/suid)" = 4777
            as truncate -s 5 open/suid; test "$(stat -c %a open/suid)" = 777
            chmod 4777 open/suid; chown 77 open/suid; test "$(stat -c %a open/suid)" = 777
            """).MustSucceed();
    }

    [MountFact]
    public void Many_threads_in_many_directories_keep_their_files_apart()
    {
        using TestMount mount = new();
        mount.Run("""
            for j in $(seq 8); do
              (for i in $(seq 30); do mkdir -p mnt/$j/$i; echo $j-$i > mnt/$j/$i/f; mv mnt/$j/$i/f mnt/$j/$i/g; echo more >> mnt/$j/$i/g; ln mnt/$j/$i/g mnt/shared-$j-$i; done) &
            done
            wait
            for j in $(seq 8); do for i in $(seq 30); do test "$(cat mnt/shared-$j-$i | tr '\n' ' ')" = "$j-$i more "; done; done
            test $(find mnt -type f | wc -l) = 480
            rm -rf mnt/*; test -z "$(ls -A mnt)"
            """).MustSucceed();
    }

    [MountFact]
    public void Directory_of_ten_thousand_entries_is_listed_whole_and_emptied_while_listed()
    {
        using TestMount mount = new();
        mount.Run("""
            mkdir mnt/d; cd mnt/d; seq -f entry-%.0f 10000 | xargs touch
            test $(ls -f | wc -l) = 10002; test $(ls -l | wc -l) = 10001
            find . -name 'entry-*' -delete; test -z "$(ls -A)"
            """).MustSucceed();
    }

    [MountFact]
    [Trait("Tier", "long")]
    public void Dotnet_builds_a_project_on_the_mount()
    {
        using TestMount mount = new(limit: TimeSpan.FromMinutes(10));
        mount.Run("""
            export DOTNET_CLI_HOME=$PWD/scratch MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
            mkdir mnt/app; cd mnt/app
            echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>' > app.csproj
            echo 'System.Console.WriteLine("Hello from the mount");' > Program.cs
            dotnet build -v q --disable-build-servers > ../../scratch/log 2>&1 || { cat ../../scratch/log; exit 1; }
            test "$(dotnet bin/Debug/net10.0/app.dll)" = 'Hello from the mount'
            """, seconds: 500).MustSucceed();
    }
}
