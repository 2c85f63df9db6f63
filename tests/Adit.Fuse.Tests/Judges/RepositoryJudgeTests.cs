using Adit.Fuse.Tests.Mounts;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Judges;

/// <summary>git keeps a repository of tens of thousands of real files: packs, renames, locks, checkouts back and forth, clones.</summary>
[Collection(MountCollection.Name)]
[Trait("Tier", "long")]
public sealed class RepositoryJudgeTests(ITestOutputHelper output)
{
    /// <summary>Trees of the machine; those that it has not are passed over.</summary>
    private const string Script = """
        export HOME=$PWD/scratch GIT_CONFIG_NOSYSTEM=1
        git config --global user.email t@t; git config --global user.name t; git config --global init.defaultBranch main
        git config --global gc.auto 0; git config --global pack.threads 2; git config --global pack.windowMemory 64m
        say() { echo "$SECONDS s: $*"; }
        trees="/usr/include /usr/share/man /usr/share/perl /usr/lib/python3"
        mkdir -p mnt/repo/1
        for tree in $trees; do test ! -d $tree || cp -a $tree mnt/repo/1/; done
        cd mnt/repo; find . -type d -empty -delete; files=$(find . -type f | wc -l); say "$files files"; test $files -gt 10000
        git init -q; git add -Af; git commit -qm 'as they are'; say committed
        find 1 -type f -name '*.h' | sort | awk 'NR % 5 == 0' | while read -r f; do echo "/* again */" >> "$f"; done
        git commit -qam 'a fifth changed'
        mkdir 2; git mv 1/man 2/manual; find 1 -type f ! -name '*.py' | sort | awk 'NR % 13 == 0' | tr '\n' '\0' | xargs -0 git rm -q; git commit -qam 'moved and removed'
        git checkout -q -b side HEAD~2; find 1 -name '*.py' | sort | awk 'NR % 3 == 0' | while read -r f; do sed -i '1i # side' "$f"; done; git commit -qam side
        git checkout -q main; git merge -q -m merged side
        git fsck --full --no-progress; say 'five commits are sound'
        for there in main~1 main~3 side main; do git checkout -q $there; test -z "$(git status --porcelain)"; done; say 'back and forth'
        cd ..; git clone -q --no-local repo clone; git -C clone fsck --full --no-progress
        diff -r --no-dereference -x .git repo clone; say 'cloned, equal'
        cd repo; git -c gc.aggressiveWindow=15 -c gc.aggressiveDepth=15 gc -q --aggressive --prune=now
        git fsck --full --no-progress; test -z "$(git status --porcelain)"; say 'collected'
        git checkout -q main~3
        for tree in $trees; do test ! -d $tree || diff -r --no-dereference $tree 1/${tree##*/} | grep -v "^Only in $tree" || true; done > ../../scratch/differ
        test ! -s ../../scratch/differ; say 'as they were'
        git worktree add -q ../tree main; diff -r --no-dereference -x .git ../tree ../clone
        cd ..; rm -r clone tree; test $(ls | wc -l) = 1; rm -rf repo; test -z "$(ls -A)"; say removed
        """;

    [MountTheory("git", "diff")]
    [InlineData(JudgedOn.Memory)]
    [InlineData(JudgedOn.CachedFile)]
    public void Repository_of_tens_of_thousands_of_files_stays_sound(JudgedOn on)
    {
        using JudgeStage stage = new(on, TimeSpan.FromMinutes(26));
        ShellResult result = stage.Run(Script, TimeSpan.FromMinutes(25));
        output.WriteLine(result.Output);
        result.MustSucceed();
    }
}
