using Adit.TestKit;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Adit is built from sources on a mount, into the same mount, and what was built works: thousands of small files, memory maps,
/// renames, locks, programs run from there.</summary>
[Collection(MountCollection.Name)]
[Trait("Tier", "long")]
public sealed class CompilerJudgeTests(ITestOutputHelper output)
{
    [MountFact("dotnet", "cp")]
    public void Adit_that_is_built_on_a_mount_works()
    {
        using TestMount mount = new(limit: TimeSpan.FromMinutes(14));
        ShellResult result = mount.Run($"""
            mkdir mnt/tree mnt/home; cd {SourceTree.Root}
            cp -a src eng Directory.*.props global.json Adit.slnx .globalconfig .editorconfig LICENSE README.md $OLDPWD/mnt/tree/ 2>/dev/null || true
            mkdir "$OLDPWD/mnt/tree/tests"; cp -a tests/Adit.TestKit "$OLDPWD/mnt/tree/tests/"
            cd "$OLDPWD"; test -f mnt/tree/src/Adit.Cli/Adit.Cli.csproj
            export DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 DOTNET_NOLOGO=1 DOTNET_CLI_HOME=$PWD/mnt/home
            nice dotnet build mnt/tree/src/Adit.Cli/Adit.Cli.csproj -c Release -m:2 -v q -p:RunAnalyzers=false -nodereuse:false -p:UseSharedCompilation=false 2>&1 | tail -5
            cli=$(find mnt/tree/artifacts/bin -name Adit.Cli.dll -path '*elease*' | grep -v /ref | head -1); test -n "$cli"
            rm -rf mnt/tree/src/*/obj; cp -a mnt/tree/src scratch/src
            dotnet "$cli" mkfs scratch/inner.adit --size 64M --quota
            dotnet "$cli" cp -r scratch/src scratch/inner.adit:/src
            dotnet "$cli" fsck scratch/inner.adit
            dotnet "$cli" cp -r scratch/inner.adit:/src scratch/back
            diff -r mnt/tree/src scratch/back
            """, 780);
        output.WriteLine(result.Output);
        result.MustSucceed();
    }
}
