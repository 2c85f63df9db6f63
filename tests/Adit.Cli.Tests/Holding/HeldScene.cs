using System.Diagnostics;
using System.Net.Sockets;
using Adit.Cli.Holding;
using Adit.Cli.Mounts;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Fuse.Mounting;
using Adit.Interop.Linux;

namespace Adit.Cli.Tests.Holding;

/// <summary>A mount with a holder, the server that serves it at the moment, and the end of both. A mount that hangs is cut off, after some
/// minutes or at the end: then whoever waits in it gets an error.</summary>
internal sealed class HeldScene : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();
    private readonly uint _connection;
    private readonly Timer _limit;

    /// <param name="medium">Of the volume.</param>
    /// <param name="limit">How long the mount lives at most.</param>
    /// <param name="volume">Where the volume is made; a folder of the scene's own where it is not given.</param>
    /// <param name="program">The assembly that mounts, and serves after a death; the tool where it is not given.</param>
    /// <param name="size">Of the volume.</param>
    /// <param name="options">Words of -o.</param>
    /// <param name="prepare">Done with the new volume before it is mounted.</param>
    public HeldScene(
        string medium = "file", TimeSpan? limit = null, string? volume = null, string? program = null, string? size = null, string options = "rw", Action<string>? prepare = null)
    {
        Volume = volume ?? _folder["pool.adit"];
        AditTool.Run("mkfs", Volume, "--size", size ?? (volume is null ? "256M" : "64M"), "--medium", medium).Expect(0);
        prepare?.Invoke(Volume);
        Mount = _folder.MakeDirectory("mnt");
        ServerPid = AditTool.RunAt(program ?? AditTool.Assembly, "mount", Volume, Mount, "-o", options, "--json").Expect(0).Json.GetProperty("owner_pid").GetInt32();
        HolderPid = HolderAddress.ProcessOf(Volume);
        _connection = MountTable.Find(Mount)!.DeviceMinor;
        _limit = new Timer(_ => ConnectionControl.Abort(_connection), null, limit ?? TimeSpan.FromMinutes(2), Timeout.InfiniteTimeSpan);
    }

    public string Volume { get; }

    public string Mount { get; }

    /// <summary>As it was when it was last asked for.</summary>
    public int ServerPid { get; private set; }

    public int HolderPid { get; }

    public string this[string name] => Path.Combine(Mount, name);

    /// <summary>A program in the scene's folder that runs a script of the shell.</summary>
    public string MakeProgram(string name, string script)
    {
        var path = InFolder(name);
        File.WriteAllText(path, "#!/bin/bash\n" + script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    public string Log => File.ReadAllText(MountLog.Path(Volume));

    public string InFolder(string name) => _folder[name];

    /// <summary>Kills the server.</summary>
    public void KillServer() => Kill(ServerPid);

    /// <summary>Asks the holder to have a program serve, as <c>adit upgrade</c> does when it is that program.</summary>
    public UpgradeReply AskForUpgrade(params string[] program) => AskForUpgrade(Fuse.Succession.SessionMemory.Version, program);

    public UpgradeReply AskForUpgrade(int version, params string[] program)
    {
        using var holder = HolderAddress.TryConnect(Volume)!;
        return AskForUpgrade(holder, version, program);
    }

    public static UpgradeReply AskForUpgrade(Socket holder, int version, params string[] program)
    {
        holder.ReceiveTimeout = 60_000;
        using NetworkStream stream = new(holder);
        MessageStream messages = new(stream);
        messages.Write(new UpgradeRequest(version, program), HolderJson.Default.UpgradeRequest);
        var reply = messages.Read(HolderJson.Default.UpgradeReply, MessageStream.MaxRequestBytes);
        Assert.True(reply is not null, "the holder ended before it answered");
        return reply;
    }

    /// <summary>Asks the holder for other options, as <c>adit mount -o remount</c> does.</summary>
    public UpgradeReply Remount(string words)
    {
        using var holder = HolderAddress.TryConnect(Volume)!;
        holder.ReceiveTimeout = 60_000;
        return HolderClient.Ask(holder, new UpgradeRequest(Fuse.Succession.SessionMemory.Version, [], new RemountRequest(Mount, words)));
    }

    /// <summary>The same, and it is done.</summary>
    public void MustRemount(string words)
    {
        var reply = Remount(words);
        Assert.True(reply.Error is null, $"{words}: {reply.Error}\n{Log}");
        ServerPid = reply.NewPid;
    }

    /// <summary>What the owner says of the volume.</summary>
    public VolumeReport Information
    {
        get
        {
            using var owner = OwnerClient.TryConnect(Volume)!;
            return owner.GetInformation();
        }
    }

    /// <summary>The words of -o that the owner says hold.</summary>
    public string[] Options => Information.Server!.Options!.Split(',');

    /// <summary>Asks who serves.</summary>
    /// <returns>The server, from now on <see cref="ServerPid"/>.</returns>
    public int FindServer()
    {
        Assert.True(SpinWait.SpinUntil(() => (ServerPid = AskServer()) is not 0, Patience), $"no server: {Log}");
        return ServerPid;
    }

    /// <summary>Waits until another server serves.</summary>
    public void WaitForSuccessor()
    {
        var before = ServerPid;
        Assert.True(SpinWait.SpinUntil(() => (ServerPid = AskServer()) is not 0 && ServerPid != before, Patience), $"no other server: {Log}");
    }

    /// <summary>Waits until another server serves, or the holder has given up.</summary>
    public void WaitForSuccessorOrEnd()
    {
        var before = ServerPid;
        Assert.True(
            SpinWait.SpinUntil(() => HasEnded(HolderPid) || (AskServer() is var now and not 0 && now != before), Patience),
            $"neither another server nor an end: {Log}");
        ServerPid = HasEnded(HolderPid) ? before : AskServer();
    }

    public void Unmount()
    {
        AditTool.Run("umount", Mount).Expect(0);
        Assert.Null(MountTable.Find(Mount));
        Assert.True(HasEnded(ServerPid), "the server goes on");
        Assert.True(HasEnded(HolderPid), "the holder goes on");
        AditTool.Run("fsck", Volume).Expect(0);
    }

    public static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
        Assert.True(SpinWait.SpinUntil(() => HasEnded(pid), Patience), $"process {pid} does not die");
    }

    /// <summary>Lets a process stand still.</summary>
    public static void Stop(int pid)
    {
        const int SIGSTOP = 19;
        Assert.Equal(0, Libc.kill(pid, SIGSTOP));
    }

    public static void Continue(int pid)
    {
        const int SIGCONT = 18;
        Assert.Equal(0, Libc.kill(pid, SIGCONT));
    }

    public static bool HasEnded(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose()
    {
        _limit.Dispose();
        if (MountTable.Find(Mount) is { } left && left.DeviceMinor == _connection)
        {
            _ = ConnectionControl.Abort(_connection);
        }

        foreach (var pid in new[] { HolderPid, ServerPid })
        {
            if (pid != 0 && !SpinWait.SpinUntil(() => HasEnded(pid), TimeSpan.FromSeconds(5)))
            {
                _ = Libc.kill(pid, Libc.SIGKILL);
            }
        }

        _folder.Dispose();
        File.Delete(MountLog.Path(Volume));
    }

    private int AskServer()
    {
        using var owner = OwnerClient.TryConnect(Volume);
        return owner?.ProcessId ?? 0;
    }
}
