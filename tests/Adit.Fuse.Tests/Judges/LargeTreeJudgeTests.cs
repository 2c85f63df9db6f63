using Adit.Fuse.Tests.Mounts;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Judges;

/// <summary>Large trees and directories, and what <c>du</c> and <c>df</c> say of them.</summary>
[Collection(MountCollection.Name)]
[Trait("Tier", "long")]
public sealed class LargeTreeJudgeTests(ITestOutputHelper output)
{
    [MountTheory("cp", "diff", "dotnet")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Copied_installation_is_equal_and_its_programs_run(JudgedOn on)
    {
        using JudgeStage stage = new(on, TimeSpan.FromMinutes(6));
        Judge(stage, """
            from=$(dirname "$(readlink -f "$(command -v dotnet)")")
            list() { (cd "$1"; find . ! -type d -printf '%p %y %m %U %G %s %l %T@\n'; find . -type d -printf '%p %m %U %G %T@\n') | sort; }
            cp -a "$from" mnt/sdk; list "$from" > scratch/a; list mnt/sdk > scratch/b; cmp scratch/a scratch/b; wc -l < scratch/a
            diff -r --no-dereference "$from" mnt/sdk
            cp -a mnt/sdk mnt/second; list mnt/second > scratch/b; cmp scratch/a scratch/b; diff -r --no-dereference mnt/sdk mnt/second
            DOTNET_CLI_HOME=$PWD/scratch DOTNET_ROOT=$PWD/mnt/second DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 mnt/second/dotnet --list-runtimes | grep -F "$PWD/mnt/second"
            rm -r mnt/sdk; diff -r --no-dereference "$from" mnt/second; rm -r mnt/second; test -z "$(ls -A mnt)"
            """, 300);
    }

    [MountTheory("find", "xargs")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Directory_of_a_hundred_thousand_files_is_listed_found_moved_and_removed(JudgedOn on)
    {
        using JudgeStage stage = new(on, TimeSpan.FromMinutes(8), 1 << 30);
        Judge(stage, """
            say() { echo "$SECONDS s: $*"; }
            mkdir mnt/d mnt/e; cd mnt/d
            seq -f entry-%.0f 100000 | xargs touch; say made
            test $(ls -f | wc -l) = 100002; test $(ls -l | wc -l) = 100001; say listed
            ls -U | sort > ../../scratch/names; seq -f entry-%.0f 100000 | sort | cmp - ../../scratch/names
            test $(find . -type f -empty -links 1 | wc -l) = 100000; test $(find . -printf '%i\n' | sort -u | wc -l) = 100001; say found
            for i in $(seq 1 100 100000); do echo $i > entry-$i; done; test $(find . -size +0c -type f | wc -l) = 1000
            seq -f entry-%.0f 2 2 100000 | xargs mv -t ../e; test $(ls -U | wc -l) = 50000; test $(ls -U ../e | wc -l) = 50000; say 'half moved'
            seq -f entry-%.0f 2 20 100000 | (cd ../e; xargs ln -t ../d); test $(find . -links 2 | grep -c entry) = 5000

            # Others list and look up while everything goes: whoever was there throughout is seen exactly once.
            (cd ../e; for round in $(seq 40); do ls -U | grep -c '^entry-[0-9]*6$' || true; done > ../../scratch/seen) &
            find . -name 'entry-*' -delete; say 'emptied by find'
            (cd ../e; seq -f entry-%.0f 4 10 100000 | xargs rm; seq -f entry-%.0f 8 10 100000 | xargs rm); wait
            test "$(sort -u ../../scratch/seen)" = 10000; say 'seen by others'
            cd ..; test -z "$(ls -A d)"; rm -r e d; test -z "$(ls -A)"; say removed
            """, 400);
    }

    [MountTheory("du", "df", "perl", "fallocate")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Du_and_df_are_true_to_the_blocks_that_files_have(JudgedOn on)
    {
        using JudgeStage stage = new(on, TimeSpan.FromMinutes(5), 1 << 30);
        ShellResult result = Judge(stage, """
            used() { df --output=used -B512 mnt | tail -1; }
            empty=$(used); cp -a /usr/include/linux mnt/t 2>/dev/null || cp -a /etc mnt/t
            cd mnt/t; truncate -s 100M sparse; printf x | dd of=sparse bs=1 seek=50000000 conv=notrunc 2>/dev/null; ln sparse hard
            fallocate -l 9M full; : > behind; fallocate -n -l 5M behind; head -c 3000001 /dev/urandom > plain; cp --sparse=always sparse copied
            fallocate -p -o 1M -l 2M plain; fallocate -d full; truncate -s 12345 behind; : > none; mkdir dir; ln -s plain soft; mkfifo fifo
            for i in $(seq 200); do head -c $((i * 331)) /dev/urandom > small$i; done; rm small1?? ; cd ../..; sync -f mnt/t/plain
            # By stat, by du, by du of each file, by df, and by a walk of perl's own.
            stat=$(find mnt/t -type f -printf '%i %b\n' | sort -u | awk '{ sum += $2 } END { print sum }')
            dirs=$(find mnt/t -type d -printf '%b\n' | awk '{ sum += $1 } END { print sum }')
            links=$(find mnt/t -type l -printf '%b\n' | awk '{ sum += $1 } END { print sum + 0 }')
            test $(du -s -B512 mnt/t | cut -f1) = $((stat + dirs + links))
            test $(find mnt/t -type f -links 1 -print0 | du -c -B512 --files0-from=- | tail -1 | cut -f1) = $((stat - $(stat -c %b mnt/t/hard)))
            perl -e 'use File::Find; find({ no_chdir => 1, wanted => sub { my @s = lstat; $n += $s[12] if -f _ && !$seen{$s[1]}++ } }, "mnt/t"); exit($n != $ARGV[0])' $stat
            test $(stat -c %b mnt/t/sparse) = 8; test $(stat -c %b mnt/t/copied) = 8
            # What is used beside the files' blocks is the tree of names.
            now=$(used); echo "blocks of files: $((stat / 8))"; test $((now - empty)) -ge $stat; test $((now - empty - stat)) -lt 20000
            """, 200);

        // What stat says is what the checker finds that files own.
        string said = result.Output.Split('\n').Single(line => line.StartsWith("blocks of files: ", StringComparison.Ordinal))[17..];
        Assert.Equal(long.Parse(said, System.Globalization.CultureInfo.InvariantCulture), Checking.VolumeChecker.Check(stage.Volume.Store).DataBlocks);
    }

    private ShellResult Judge(JudgeStage stage, string script, int seconds)
    {
        ShellResult result = stage.Run(script, TimeSpan.FromSeconds(seconds));
        output.WriteLine(result.Output);
        return result.MustSucceed();
    }
}
