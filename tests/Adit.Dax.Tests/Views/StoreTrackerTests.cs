using Adit.Dax.Views;
using Adit.Interop.Linux;

namespace Adit.Dax.Tests.Views;

/// <summary>That the tests of tracking are not skipped where they could run.</summary>
public sealed class StoreTrackerTests
{
    [Fact]
    public void Tracker_is_there_where_the_kernel_has_what_it_takes()
    {
        using FileDescriptor faults = Libc.userfaultfd(OpenFlags.O_CLOEXEC | UserFault.UFFD_USER_MODE_ONLY);
        bool kernelHasIt = !faults.IsInvalid && Environment.OSVersion.Version >= new Version(6, 7);
        Assert.True(!kernelHasIt || StoreTracker.Shared is not null, StoreTracker.Refusal);
        Assert.Equal(StoreTracker.Shared is null, StoreTracker.Refusal is not null);
    }
}
