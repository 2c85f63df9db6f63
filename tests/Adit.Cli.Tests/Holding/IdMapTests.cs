using System.Globalization;

namespace Adit.Cli.Tests.Holding;

/// <summary>Mounts that show other owners than the files have, and whose servers come and go.</summary>
public sealed class IdMapTests
{
    [MountFact("unshare", "setpriv")]
    public void Owners_are_mapped_from_the_mount_to_the_unmount_whoever_serves()
    {
        using HeldScene scene = new(options: "X-mount.idmap=b:0:0:1 u:5000:4321:10 g:6000:4321:10");
        Assert.Contains("idmapped", File.ReadLines("/proc/self/mountinfo").Last(line => line.Contains(scene.Mount, StringComparison.Ordinal)), StringComparison.Ordinal);
        File.SetUnixFileMode(scene.Mount, (UnixFileMode)0x1FF);
        Make(scene, "first");
        scene.KillServer();
        scene.WaitForSuccessor();
        Make(scene, "second");
        Assert.Contains("not to be changed", scene.Remount("noidmaps").Error, StringComparison.Ordinal);
        scene.MustRemount("dax=always,nosuid");
        Make(scene, "third");
        AditTool.Run("upgrade", scene.Mount).Expect(0);
        scene.FindServer();
        Make(scene, "fourth");

        // Whom the map leaves out can make nothing.
        var (code, said) = As(scene, 777, "touch stranger");
        Assert.True(code != 0 && said.Contains("too large", StringComparison.Ordinal), said);
        scene.Unmount();
        foreach (var name in new[] { "first", "second", "third", "fourth" })
        {
            var node = AditTool.Run("stat", $"{scene.Volume}:/{name}", "--json").Expect(0).Json;
            Assert.Equal((5002, 6002), (node.GetProperty("uid").GetInt32(), node.GetProperty("gid").GetInt32()));
        }
    }

    [MountFact("unshare")]
    public void Map_that_cannot_be_had_is_an_error_and_leaves_nothing_mounted()
    {
        using TestFolder folder = new();
        var volume = folder.MakeVolume();
        var mount = folder.MakeDirectory("mnt");
        Assert.Contains("do its pieces overlap", Refusal("X-mount.idmap=u:0:0:10 u:5:5:10"), StringComparison.Ordinal);
        Assert.Contains("initial one", Refusal("X-mount.idmap=/proc/self/ns/user"), StringComparison.Ordinal);
        Assert.Contains("/nowhere", Refusal("X-mount.idmap=/nowhere"), StringComparison.Ordinal);
        Assert.Contains("FILE:SEEN:COUNT", AditTool.Run("mount", volume, mount, "-o", "X-mount.idmap=1").Expect(2).Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(mount, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        AditTool.Run("fsck", volume).Expect(0);

        string Refusal(string options) => AditTool.Run("mount", volume, mount, "-o", options).Expect(1).Errors;
    }

    private static void Make(HeldScene scene, string name)
    {
        var (code, said) = As(scene, 4323, $"umask 022; echo text > {name}; stat -c %u:%g {name}");
        Assert.True(code == 0, said);
        Assert.Equal("4323:4323\n", said);
    }

    private static (int Code, string Said) As(HeldScene scene, int user, string script)
    {
        var id = user.ToString(CultureInfo.InvariantCulture);
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("setpriv", ["--reuid", id, "--regid", id, "--clear-groups", "--", "sh", "-c", $"exec 2>&1; {script}"])
        {
            WorkingDirectory = scene.Mount,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.Close();
        var said = process.StandardOutput.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)) && said.Wait(TimeSpan.FromSeconds(10)), $"{script} does not end");
        return (process.ExitCode, said.Result);
    }
}
