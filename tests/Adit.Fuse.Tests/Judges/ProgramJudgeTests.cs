using Adit.Fuse.Tests.Mounts;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Judges;

/// <summary>Smaller programs that check or load a file system.</summary>
[Collection(MountCollection.Name)]
[Trait("Tier", "long")]
public sealed class ProgramJudgeTests(ITestOutputHelper output)
{
    /// <summary>Locks of whole files and of ranges, across processes, by a program for each way.</summary>
    private const string Locks = """
        mkdir -p mnt/locks; cd mnt/locks; echo 0 > counter; : > ranges
        # A counter under flock(1), by eight processes.
        for j in $(seq 8); do (for i in $(seq 25); do flock lock sh -c 'n=$(cat counter); echo $((n + 1)) > counter'; done) & done; wait
        test "$(cat counter)" = 200
        cat > ../../scratch/p.pl <<'P'
        use strict; use Fcntl;
        my ($what, $file) = @ARGV; open(my $f, "+<", $file) or die $!;
        sub set { my ($type, $start, $length, $waits) = @_; return fcntl($f, $waits ? F_SETLKW : F_SETLK, pack("s s x4 l! l! i x4", $type, 0, $start, $length, 0)); }
        sub holder { my ($start, $length) = @_; my $l = pack("s s x4 l! l! i x4", F_WRLCK, 0, $start, $length, 0); fcntl($f, F_GETLK, $l) or die; my ($type, undef, $s, $n, $pid) = unpack("s s x4 l! l! i", $l); return $type == F_UNLCK ? "none" : "$pid:$s:$n"; }
        if ($what eq "count") { for (1 .. 50) { for my $slot (0 .. 3) { set(F_WRLCK, 8 * $slot, 8, 1) or die $!; sysseek($f, 8 * $slot, 0); sysread($f, my $n, 8); sysseek($f, 8 * $slot, 0); syswrite($f, sprintf("%08d", $n + 1)); set(F_UNLCK, 8 * $slot, 8, 0) or die $!; } } }
        elsif ($what eq "hold") { set(F_WRLCK, 100, 50, 0) or die $!; set(F_RDLCK, 120, 10, 0) or die $!; print "held\n"; open(STDOUT, ">", "/dev/null"); sleep 30; }
        elsif ($what eq "ask") { print join(" ", holder(0, 50), holder(100, 5), set(F_RDLCK, 122, 3, 0) ? "shared" : "refused", set(F_WRLCK, 122, 3, 0) ? "taken" : "refused", set(F_WRLCK, 150, 1, 0) ? "taken" : "refused"), "\n"; }
        elsif ($what eq "first") { set(F_WRLCK, 0, 1, 1) or die; print "x\n"; open(STDOUT, ">", "/dev/null"); sleep 1; print STDERR set(F_WRLCK, 1, 1, 1) ? "got\n" : ($!{EDEADLK} ? "deadlock\n" : "$!\n"); }
        elsif ($what eq "second") { set(F_WRLCK, 1, 1, 1) or die; sleep 1; print STDERR set(F_WRLCK, 0, 1, 1) ? "got\n" : ($!{EDEADLK} ? "deadlock\n" : "$!\n"); }
        P
        # Counters in ranges of one file under fcntl, by eight processes.
        printf '%032d' 0 > ranges; for j in $(seq 8); do perl ../../scratch/p.pl count ranges & done; wait
        test "$(cat ranges)" = 00000400000004000000040000000400
        # Who holds what is seen by others, and is nobody's when its process is killed.
        truncate -s 1000 ranges; perl ../../scratch/p.pl hold ranges > ../../scratch/held & holder=$!; for i in $(seq 100); do test -s ../../scratch/held && break; sleep 0.05; done
        test "$(perl ../../scratch/p.pl ask ranges)" = "none $holder:100:20 shared refused taken"
        kill -KILL $holder; wait $holder 2>/dev/null || true; test "$(perl ../../scratch/p.pl ask ranges)" = "none none shared taken taken"
        # Two that wait for each other: one is told.
        perl ../../scratch/p.pl first ranges 2> ../../scratch/d1 >/dev/null & perl ../../scratch/p.pl second ranges 2> ../../scratch/d2 & wait; sort ../../scratch/d1 ../../scratch/d2 | tr '\n' ' ' | grep -qx 'deadlock got '
        """;

    /// <summary>Those parts of Python's own tests that work with files.</summary>
    private const string PythonTests =
        "test_os test_posix test_posixpath test_shutil test_mmap test_fcntl test_tempfile test_pathlib test_glob test_largefile test_io test_fileio test_file "
        + "test_bufio test_filecmp test_stat test_zipfile test_tarfile test_dbm test_dbm_dumb test_mailbox test_poll test_import test_py_compile";

    [MountTheory("flock", "perl")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Locks_hold_across_processes_and_end_with_them(JudgedOn on) => Judge(on, Locks, 120);

    [MountTheory("/usr/bin/python3.11", "/usr/lib/python3.11/test/test_os.py")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Tests_of_python_that_work_with_files_pass(JudgedOn on) =>
        Judge(on, $"mkdir mnt/py; mnt=$PWD/mnt; cd /; TMPDIR=$mnt/py timeout 800 /usr/bin/python3.11 -m test --tempdir $mnt/py {PythonTests} 2>&1 | tail -30; exit ${{PIPESTATUS[0]}}", 840);

    [MountTheory("fs_mark")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Fs_mark_makes_and_syncs_its_files(JudgedOn on) =>
        Judge(on, "mkdir mnt/f; for sync in 0 1 3; do fs_mark -d mnt/f -n 1000 -s 10240 -t 2 -S $sync -L 2 | tail -3; done", 300);

    [MountTheory("postmark")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Postmark_runs_to_its_end_and_leaves_nothing(JudgedOn on) => Judge(
        on,
        "printf 'set location mnt\\nset number 1000\\nset transactions 4000\\nset size 500 20000\\nset subdirectories 10\\nset seed 7\\nrun\\nquit\\n' | postmark > scratch/said; cat scratch/said; grep -q 'megabytes written' scratch/said; if grep -q Error scratch/said; then exit 1; fi; test -z \"$(ls -A mnt)\"",
        300);

    [MountTheory("bonnie++")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Bonnie_runs_to_its_end_and_leaves_nothing(JudgedOn on) =>
        Judge(on, "mkdir mnt/b; bonnie++ -d mnt/b -u root -f -s 64M -r 32 -n 2:5000:10:2 -q; test -z \"$(ls -A mnt/b)\"", 600);

    private void Judge(JudgedOn on, string script, int seconds)
    {
        using JudgeStage stage = new(on, TimeSpan.FromSeconds(seconds + 60), 1L << 30);
        ShellResult result = stage.Run(script, TimeSpan.FromSeconds(seconds));
        output.WriteLine(result.Output);
        result.MustSucceed();
    }
}
