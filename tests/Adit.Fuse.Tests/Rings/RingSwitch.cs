using Adit.Fuse.Session.Rings;
using Adit.Interop.Linux;

namespace Adit.Fuse.Tests.Rings;

/// <summary>The kernel's switch for FUSE over io_uring, on while a test mounts, and back to what it was. An established connection goes on without it.
/// Tests of several processes at once wait for each other.</summary>
internal sealed class RingSwitch : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly FileDescriptor _lock;
    private readonly string _before;

    public RingSwitch(bool isOn = true)
    {
        _lock = Libc.open(Path.GetDirectoryName(RingSupport.SwitchPath)!, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        Assert.False(_lock.IsInvalid, "the folder of the switch cannot be opened");
        Assert.True(SpinWait.SpinUntil(() => Libc.flock(_lock, Libc.LOCK_EX | Libc.LOCK_NB) == 0, Patience), "another test keeps the switch");
        _before = File.ReadAllText(RingSupport.SwitchPath).Trim();
        File.WriteAllText(RingSupport.SwitchPath, isOn ? "Y" : "N");
    }

    public void Dispose()
    {
        File.WriteAllText(RingSupport.SwitchPath, _before);
        _lock.Dispose();
    }
}
