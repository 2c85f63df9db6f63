using System.Runtime.InteropServices;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;

namespace Adit.Fuse.Tests.Sessions;

public sealed class NegotiationTests
{
    [Fact]
    public void Init_of_a_new_kernel_is_granted_what_the_mount_wants()
    {
        using TestSession session = new(new MemoryNodes(), negotiate: false);

        byte[] reply = session.Serve(RequestBytes.Init())!;

        Assert.Equal(16 + 64, reply.Length);
        InitOut init = MemoryMarshal.Read<InitOut>(reply.AsSpan(16));
        InitFlags flags = (InitFlags)(init.Flags | ((ulong)init.Flags2 << 32));
        Assert.Equal(7u, init.Major);
        Assert.Equal(1u << 20, init.MaxWrite);
        Assert.Equal(256, init.MaxPages);
        Assert.Equal(1u, init.TimeGranularity);
        InitFlags granted = InitFlags.HandleKillPrivilegesV2 | InitFlags.PosixAcl | InitFlags.DirectIoAllowMmap | InitFlags.MaxPages | InitFlags.InitExtended
            | InitFlags.ParallelDirectoryOperations | InitFlags.AtomicOpenTruncate | InitFlags.HasResend | InitFlags.AsyncDirectIo;
        Assert.Equal(granted, flags & granted);
        InitFlags refused = InitFlags.WritebackCache | InitFlags.AutoInvalidateData | InitFlags.PosixLocks | InitFlags.FlockLocks | InitFlags.HandleKillPrivileges
            | InitFlags.NoOpenSupport | InitFlags.Passthrough;
        Assert.Equal(InitFlags.None, flags & refused);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Kernel_keeps_to_itself_who_asks_only_where_that_is_wanted(bool isWanted)
    {
        using TestSession session = new(new MemoryNodes(), options: new MountOptions { AllowIdMaps = isWanted, ReaderCount = 2 }, negotiate: false);

        InitOut init = MemoryMarshal.Read<InitOut>(session.Serve(RequestBytes.Init())!.AsSpan(16));

        Assert.Equal(isWanted, (((ulong)init.Flags2 << 32) & (ulong)InitFlags.AllowIdMap) != 0);
    }

    [Fact]
    public void Init_grants_only_what_is_offered()
    {
        using TestSession session = new(new MemoryNodes(), negotiate: false);

        byte[] reply = session.Serve(RequestBytes.Init(flags: (ulong)(InitFlags.AsyncRead | InitFlags.BigWrites)))!;

        InitOut init = MemoryMarshal.Read<InitOut>(reply.AsSpan(16));
        Assert.Equal((uint)(InitFlags.AsyncRead | InitFlags.BigWrites), init.Flags);
        Assert.Equal(0u, init.Flags2);
    }

    [Fact]
    public void Init_of_an_old_kernel_is_refused()
    {
        using TestSession session = new(new MemoryNodes(), negotiate: false);

        byte[] reply = session.Serve(RequestBytes.Init(minor: 22))!;

        Assert.Equal(-(int)Errno.EPROTO, MemoryMarshal.Read<OutHeader>(reply).Error);
    }

    [Fact]
    public void Init_of_a_newer_protocol_is_answered_with_ours()
    {
        using TestSession session = new(new MemoryNodes(), negotiate: false);
        byte[] offer = RequestBytes.Init();
        offer[40] = 8;

        byte[] reply = session.Serve(offer)!;

        Assert.Equal(7u, MemoryMarshal.Read<InitOut>(reply.AsSpan(16)).Major);
        Assert.Null(session.Session.Negotiated);
        Assert.NotNull(session.Serve(RequestBytes.Init()));
        Assert.NotNull(session.Session.Negotiated);
    }

    [Fact]
    public void Request_before_Init_fails()
    {
        using TestSession session = new(new MemoryNodes(), negotiate: false);

        Assert.Equal(Errno.EIO, session.Ask(Opcode.GetAttr, 1, out _, new byte[16]));
    }

    [Fact]
    public void Second_Init_fails()
    {
        using TestSession session = new(new MemoryNodes());

        Assert.Equal(-(int)Errno.EINVAL, MemoryMarshal.Read<OutHeader>(session.Serve(RequestBytes.Init())!).Error);
    }

    [Fact]
    public void Session_ends_when_its_transport_does_and_gives_back_everything()
    {
        MemoryNodes nodes = new();
        RecordingTransport transport = new();
        List<string> messages = [];
        using Fuse.Session.FuseSession session = new(nodes, transport, new MountOptions { ReaderCount = 3 }, (_, text) => messages.Add(text));
        transport.Put(RequestBytes.Init());
        Assert.Equal(Errno.Success, session.Negotiate());
        session.Start();
        byte[] create = RequestBytes.Struct(new CreateIn { Flags = 2, Mode = 0x81A4 });
        for (uint index = 0; index < 50; index++)
        {
            transport.Put(RequestBytes.Of(Opcode.Create, 1, 10 + index, create, RequestBytes.Name($"file-{index}")));
        }

        Assert.True(SpinWait.SpinUntil(() => transport.ReplyCount == 51, TimeSpan.FromSeconds(10)), "the readers did not answer");
        Assert.Equal(50, session.Handles.OpenCount);
        Assert.Equal(50, session.Lookups.InodeCount);
        transport.End();

        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(10)), "the session did not end");
        Assert.Equal(Errno.ENODEV, session.EndCause);
        Assert.Equal(0, session.Handles.OpenCount);
        Assert.Equal(0, session.Lookups.InodeCount);
        Assert.All(Enumerable.Range(2, 50), inode => Assert.Equal(0, nodes.RetainedOf((ulong)inode)));
        Assert.True(nodes.SyncCount > 0);
        Assert.Empty(messages);
    }
}
