using Adit.Interop;
using Adit.TestKit.Simulation;

namespace Adit.Media.Tests;

public sealed class FaultingMediumTests
{
    [Theory]
    [InlineData(MediumCall.Write)]
    [InlineData(MediumCall.MarkStored)]
    [InlineData(MediumCall.Fence)]
    public void Exactly_the_planned_call_fails_and_poisons(MediumCall call)
    {
        using FaultingMedium medium = new(new MemoryMedium(1 << 20));
        Call(medium, call);
        medium.FailAt(call, 3, Errno.EIO);
        Call(medium, call);
        Call(medium, call);
        Assert.Equal(0, medium.FailureCount);
        Assert.Equal(Errno.EIO, Assert.Throws<MediumException>(() => Call(medium, call)).Errno);
        Assert.Equal(1, medium.FailureCount);
        Assert.Equal(4, medium.CountOf(call));
        Assert.Throws<MediumException>(medium.Fence);
        Assert.Throws<MediumException>(() => medium.Write(0, [1]));
        Assert.Equal(1, medium.FailureCount);
        Assert.Equal(Errno.Success, medium.Reserve(0, 1));
    }

    [Fact]
    public void Failed_write_stores_nothing()
    {
        using FaultingMedium medium = new(new MemoryMedium(1 << 20));
        medium.Write(0, [1]);
        medium.FailAt(MediumCall.Write, 1, Errno.EIO);
        Assert.Throws<MediumException>(() => medium.Write(0, [2]));
        Assert.Equal(1, medium.Span(0, 1)[0]);
    }

    [Fact]
    public void Failed_reservation_is_an_answer_and_no_poison()
    {
        using FaultingMedium medium = new(new MemoryMedium(1 << 20));
        medium.FailAt(MediumCall.Reserve, 2, Errno.ENOSPC);
        Assert.Equal([Errno.Success, Errno.ENOSPC, Errno.Success], Enumerable.Range(0, 3).Select(_ => medium.Reserve(0, 1)));
        medium.Fence();
        Assert.Equal(1, medium.FailureCount);
    }

    private static void Call(Medium medium, MediumCall call)
    {
        switch (call)
        {
            case MediumCall.Write:
                medium.Write(0, [1]);
                break;
            case MediumCall.MarkStored:
                medium.MarkStored(0, 1);
                break;
            default:
                medium.Fence();
                break;
        }
    }
}
