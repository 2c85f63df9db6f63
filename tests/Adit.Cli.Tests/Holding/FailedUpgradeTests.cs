using System.Globalization;
using Adit.Fuse.Mounting;
using Adit.Interop;

namespace Adit.Cli.Tests.Holding;

/// <summary>Upgrades that come to nothing: the mount is served on, and who asked hears what happened.</summary>
public sealed class FailedUpgradeTests
{
    /// <summary>The real tool; the arguments that a server gets follow.</summary>
    private static readonly string Tool = $"exec dotnet '{AditTool.Assembly}'";

    /// <summary>Starts as a server does and waits until it is told to go on.</summary>
    private const string StartAndWait = """
        [[ "$2" =~ \"Socket\":([0-9]+) ]]; socket=${BASH_REMATCH[1]}
        printf '\0011' >&$socket
        dd bs=100 count=1 <&$socket >/dev/null 2>&1

        """;

    [MountFact]
    public void New_server_that_dies_when_it_is_to_go_on_brings_the_one_before_back()
    {
        using HeldScene scene = new();
        using var kept = File.Open(scene["file"], FileMode.CreateNew, FileAccess.ReadWrite);
        kept.Write("text"u8);
        kept.Flush();
        File.Delete(scene["file"]);
        var reply = scene.AskForUpgrade(scene.MakeProgram("dies", StartAndWait + "exit 9"));

        Assert.Equal(Errno.EIO, reply.Errno);
        Assert.Contains("exit code 9", reply.Error, StringComparison.Ordinal);
        ExpectTheOneBefore(scene, reply.Error!);
        kept.Position = 0;
        Assert.Equal('t', kept.ReadByte());
        kept.Dispose();
        scene.Unmount();
    }

    [MountFact]
    public void New_server_that_refuses_the_volume_brings_the_one_before_back()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "text");
        var older = scene.MakeProgram("older", $$"""{{Tool}} "$1" "${2/\"Options\":\"/\"Options\":\"unheard,}" """);
        var reply = scene.AskForUpgrade(older);

        Assert.Contains("unheard", reply.Error, StringComparison.Ordinal);
        ExpectTheOneBefore(scene, reply.Error!);
        Assert.Equal("text", File.ReadAllText(scene["file"]));

        // What failed once is not what serves when the server dies, and does not stand in the way of what does not fail.
        scene.KillServer();
        scene.WaitForSuccessor();
        AditTool.Run("upgrade", scene.Mount).Expect(0);
        scene.WaitForSuccessor();
        Assert.Equal("text", File.ReadAllText(scene["file"]));
        scene.Unmount();
    }

    [MountFact]
    public void Upgrade_when_neither_server_can_go_on_takes_the_mount_away_and_says_so()
    {
        using TestFolder folder = new();
        var tool = folder.CopyTool();
        using HeldScene scene = new(program: tool);
        File.WriteAllText(scene["file"], "text");
        File.Delete(tool);
        var reply = scene.AskForUpgrade(scene.MakeProgram("dies", StartAndWait + "exit 9"));

        Assert.Contains("exit code 9", reply.Error, StringComparison.Ordinal);
        Assert.Contains("the mount is taken away", reply.Error, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => HeldScene.HasEnded(scene.HolderPid), TimeSpan.FromSeconds(30)), "the holder goes on");
        Assert.Null(MountTable.Find(scene.Mount));
        Assert.Contains("given up", scene.Log, StringComparison.Ordinal);
        Assert.Equal("text", AditTool.Run("cat", scene.Volume + ":/file").Expect(0).Output);
    }

    [MountFact]
    public void Upgrade_of_a_server_that_dies_meanwhile_is_done_by_the_next()
    {
        using HeldScene scene = new();
        File.WriteAllText(scene["file"], "text");
        var killer = scene.MakeProgram("killer", string.Create(CultureInfo.InvariantCulture, $$"""
            kill -9 {{scene.ServerPid}}
            {{Tool}} "$@"
            """));
        var reply = scene.AskForUpgrade(killer);

        Assert.Null(reply.Error);
        scene.WaitForSuccessor();
        Assert.Equal(reply.NewPid, scene.ServerPid);
        Assert.Equal("text", File.ReadAllText(scene["file"]));
        scene.Unmount();
    }

    [MountFact]
    public void Request_that_names_no_program_leaves_holder_and_server()
    {
        using HeldScene scene = new();
        Assert.Equal(Errno.EINVAL, scene.AskForUpgrade().Errno);
        Assert.Equal(Errno.EINVAL, scene.AskForUpgrade("").Errno);
        Assert.Equal(Errno.EINVAL, scene.AskForUpgrade("/bin/true", null!).Errno);
        Assert.NotNull(scene.AskForUpgrade(scene.Mount).Error);

        File.WriteAllText(scene["file"], "text");
        AditTool.Run("upgrade", scene.Mount).Expect(0);
        scene.WaitForSuccessor();
        scene.Unmount();
    }

    [MountFact]
    [Trait("Tier", "long")]
    public void Hand_over_during_a_request_that_does_not_end_is_refused_and_the_server_serves_on()
    {
        // The inner volume lies in a mount whose server stands still: a sync of it does not end until that goes on.
        using HeldScene outer = new();
        File.Create(outer["inner.adit"]).Dispose();
        var link = File.CreateSymbolicLink(outer.InFolder("inner.adit"), outer["inner.adit"]).FullName;
        using HeldScene inner = new(volume: link);
        using var file = File.Open(inner["file"], FileMode.CreateNew, FileAccess.ReadWrite);
        file.Write("text"u8);
        using var holder = Cli.Holding.HolderAddress.TryConnect(inner.Volume)!;
        Thread sync = new(() => file.Flush(flushToDisk: true)) { IsBackground = true };
        Cli.Holding.UpgradeReply reply;
        HeldScene.Stop(outer.ServerPid);
        try
        {
            sync.Start();
            Assert.False(sync.Join(TimeSpan.FromMilliseconds(300)), "the sync does not wait");
            reply = HeldScene.AskForUpgrade(holder, Fuse.Succession.SessionMemory.Version, "dotnet", AditTool.Assembly);
            Assert.False(sync.Join(0), "the sync did not last until the answer came: nothing is shown");
        }
        finally
        {
            HeldScene.Continue(outer.ServerPid);
        }

        Assert.Equal(Errno.EBUSY, reply.Errno);
        Assert.Contains("serves on", reply.Error, StringComparison.Ordinal);
        Assert.True(sync.Join(TimeSpan.FromSeconds(30)), "the sync does not end");
        var before = inner.ServerPid;
        Assert.Equal(before, AditTool.Run("info", inner.Mount, "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32());
        AditTool.Run("upgrade", inner.Mount).Expect(0);
        inner.WaitForSuccessor();
        file.Dispose();
        Assert.Equal("text", File.ReadAllText(inner["file"]));
        inner.Unmount();
        outer.Unmount();
    }

    private static void ExpectTheOneBefore(HeldScene scene, string said)
    {
        Assert.Contains("the one before serves again", said, StringComparison.Ordinal);
        Assert.Contains("the new server cannot go on", scene.Log, StringComparison.Ordinal);
        scene.WaitForSuccessor();
        Assert.Contains("Adit.Cli", File.ReadAllText($"/proc/{scene.ServerPid}/cmdline"), StringComparison.Ordinal);
    }
}
