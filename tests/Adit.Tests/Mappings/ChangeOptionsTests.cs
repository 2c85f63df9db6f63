using Adit.Dax.Layouts;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Interop;
using Adit.Nodes;
using Adit.TestKit.Threads;

namespace Adit.Tests.Mappings;

/// <summary>Layout changes of a volume that do not wait, and that are told to stop waiting.</summary>
public sealed class ChangeOptionsTests
{
    private const int Page = 4096;
    private const int Pages = 16;
    private const int PatienceMs = 60_000;

    private static readonly LeaseOptions Lease = new() { Purpose = "test" };

    private static readonly Dictionary<string, Action<AditFile, ChangeOptions>> Changes = new()
    {
        ["truncate"] = static (file, options) => file.SetLength(4 * Page, options),
        ["truncate to nothing"] = static (file, options) => file.SetLength(0, options),
        ["punch"] = static (file, options) => file.Allocate(4 * Page, 4 * Page, AllocateMode.PunchHole | AllocateMode.KeepSize, options),
        ["zero"] = static (file, options) => file.Allocate(4 * Page, 4 * Page, AllocateMode.ZeroRange, options),
        ["collapse"] = static (file, options) => file.Allocate(4 * Page, 4 * Page, AllocateMode.CollapseRange, options),
        ["insert"] = static (file, options) => file.Allocate(4 * Page, 4 * Page, AllocateMode.InsertRange, options),
    };

    public static TheoryData<string> Names => [.. Changes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Change_without_waiting_fails_at_a_pin_and_leaves_the_file_as_it_was(string name)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(Pages * Page, 1);
        file.Write(0, bytes);
        using (file.Pin(5 * Page, Page))
        {
            AssertIsBusy(() => Changes[name](file, ChangeOptions.Immediately));
            AssertHolds(file, bytes);
        }

        Changes[name](file, ChangeOptions.Immediately);
        AssertChanged(file, bytes);
        VolumeProof.Check(volume);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Change_without_waiting_tells_no_holder_of_a_lease(string name)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(Pages * Page, 2);
        file.Write(0, bytes);
        using LongPin pin = file.PinLong(5 * Page, Page, PinAccess.Read, Lease);
        AssertIsBusy(() => Changes[name](file, ChangeOptions.Immediately));
        Assert.False(pin.Lease.Recalled.IsCancellationRequested);
        Assert.Equal(0, file.Mapping.ReadStatistics().PinWaits);
        AssertHolds(file, bytes);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Cancelled_change_has_changed_nothing(string name)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        byte[] bytes = Bytes.Of(Pages * Page, 3);
        file.Write(0, bytes);
        using CancellationTokenSource cancellation = new();
        using (Pin pin = file.Pin(5 * Page, Page, PinAccess.Write))
        {
            Exception? outcome = null;
            Thread change = new(() => outcome = Record.Exception(
                () => Changes[name](file, new ChangeOptions { Cancellation = cancellation.Token })))
            { IsBackground = true };
            change.Start();
            Assert.True(SpinWait.SpinUntil(() => file.Mapping.ReadStatistics().PinWaits == 1, PatienceMs));
            Assert.True(change.IsAlive);
            cancellation.Cancel();
            Assert.True(change.Join(PatienceMs));
            Assert.Equal(cancellation.Token, Assert.IsType<OperationCanceledException>(outcome).CancellationToken);
            bytes[5 * Page] ^= 0xFF;
            pin.WritableSpan[0] ^= 0xFF;
        }

        AssertHolds(file, bytes);
        Assert.Throws<OperationCanceledException>(() => Changes[name](file, new ChangeOptions { Cancellation = cancellation.Token }));
        AssertHolds(file, bytes);
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Cancelled_change_leaves_what_was_stored_to_be_made_durable()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        byte[] bytes = Bytes.Of(Pages * Page, 4);
        using (Volume volume = fixture.Open())
        {
            AditFile file = volume.OpenFile("/a", FileMode.Create);
            file.Write(0, new byte[Pages * Page]);
            using CancellationTokenSource cancellation = new();
            using (Pin pin = file.Pin(0, Pages * Page, PinAccess.Write))
            {
                for (int done = 0; done < bytes.Length;)
                {
                    Span<byte> segment = pin.WritableSegmentAt(done);
                    bytes.AsSpan(done, segment.Length).CopyTo(segment);
                    done += segment.Length;
                }

                GuardedThread change = GuardedThread.Start(() => file.Allocate(
                    0, Page, AllocateMode.CollapseRange, new ChangeOptions { Cancellation = cancellation.Token }));
                Assert.True(SpinWait.SpinUntil(() => file.Mapping.ReadStatistics().PinWaits == 1, PatienceMs));
                Assert.True(change.IsAlive);
                cancellation.Cancel();
                Assert.True(change.TryJoin(TimeSpan.FromMilliseconds(PatienceMs)));
                Assert.IsType<OperationCanceledException>(change.Failure);
            }

            file.Flush();
            volume.Abandon();
        }

        using Volume again = fixture.Open();
        using AditFile survivor = again.OpenFile("/a", FileMode.Open, FileAccess.Read);
        AssertHolds(survivor, bytes);
    }

    [Fact]
    public void Size_set_by_attributes_takes_the_same_options()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, new byte[Pages * Page]);
        AttributeChanges cut = new() { Fields = AttributeFields.Size | AttributeFields.Mode, Mode = 0x180 };
        uint mode = file.Attributes.Mode;
        using (file.Pin(5 * Page, Page))
        {
            Format.InodeNumber inode = file.Node.Inode;
            Assert.Null(OutcomeOf(() => Assert.Equal(Errno.EBUSY, volume.SetAttributes(inode, in cut, out _, ChangeOptions.Immediately))));
            ChangeOptions cancelled = new() { Cancellation = new CancellationToken(true) };
            Assert.Null(OutcomeOf(() => Assert.Equal(Errno.EINTR, volume.SetAttributes(inode, in cut, out _, cancelled))));
        }

        Assert.Equal(mode, file.Attributes.Mode);
        Assert.Equal(Pages * Page, file.Length);
    }

    [Fact]
    public void Change_without_waiting_leaves_a_writable_view_attached()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/a", FileMode.Create);
        file.Write(0, Bytes.Of(Pages * Page, 5));
        using View view = file.Map(0, Pages * Page, new ViewOptions { Kind = ViewKind.ReadWrite });
        AssertIsBusy(() => file.SetLength(0, ChangeOptions.Immediately));
        Assert.False(view.IsDetached);
        view.WritableSpan[0] = 0x5A;
        byte[] read = new byte[1];
        Assert.Equal(1, file.Read(0, read));
        Assert.Equal(0x5A, read[0]);
    }

    private static void AssertIsBusy(Action change) => Assert.Equal(Errno.EBUSY, Assert.IsType<AditException>(OutcomeOf(change)).Errno);

    /// <summary>On a thread of its own: the test holds what a change must not wait for.</summary>
    private static Exception? OutcomeOf(Action change)
    {
        Exception? outcome = null;
        Thread thread = new(() => outcome = Record.Exception(change)) { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(PatienceMs), "the change waits");
        return outcome;
    }

    private static void AssertHolds(AditFile file, byte[] bytes)
    {
        byte[] read = new byte[bytes.Length + 1];
        Assert.Equal(bytes.Length, file.Read(0, read));
        Assert.True(bytes.AsSpan().SequenceEqual(read.AsSpan(0, bytes.Length)));
    }

    private static void AssertChanged(AditFile file, byte[] bytes)
    {
        byte[] read = new byte[2 * bytes.Length];
        int length = file.Read(0, read);
        Assert.False(bytes.AsSpan().SequenceEqual(read.AsSpan(0, length)));
    }
}
