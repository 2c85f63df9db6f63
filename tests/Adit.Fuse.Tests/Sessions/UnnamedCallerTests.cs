using Adit.Fuse.Options;
using Adit.Fuse.Succession;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

/// <summary>Requests of a kernel that says who asks only where something is made: nobody gains by that.</summary>
public sealed class UnnamedCallerTests
{
    private const uint Nobody = uint.MaxValue;
    private const uint NoProcess = int.MaxValue;
    private static readonly MountOptions s_options = new() { AllowIdMaps = true, ReaderCount = 2 };

    [Fact]
    public void Names_for_root_alone_are_listed_to_the_process_of_root_alone()
    {
        using TestSession session = new(new MemoryNodes(), s_options);
        Assert.Equal(Errno.Success, session.AskAs(
            0, Opcode.SetXAttr, 1, out _, Struct(new SetXAttrIn { Size = 1 }), Struct(default(SetXAttrExtension)), Name("trusted.a"), [1]));

        session.ProcessId = NoProcess;
        Assert.Empty(List(session));
        session.ProcessId = (uint)Environment.ProcessId;
        Assert.Equal(ProcessRights.IsRoot ? Name("trusted.a") : [], List(session));
    }

    [Fact]
    public void Setuid_is_kept_by_the_process_of_root_alone_where_the_kernel_does_not_say_who_may()
    {
        using TestSession session = new(new MemoryNodes(), s_options);
        foreach ((uint process, bool keeps) in new[] { (NoProcess, false), ((uint)Environment.ProcessId, ProcessRights.IsRoot) })
        {
            session.ProcessId = process;
            (ulong node, ulong handle) = session.Create($"of-{process}", mode: 0x89ED);
            byte[] allocate = Struct(new FAllocateIn { Handle = handle, Length = 4096 });
            Assert.Equal(Errno.Success, session.AskAs(Nobody, Opcode.FAllocate, node, out _, allocate));
            AttrOut after = session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(default(GetAttrIn)));
            Assert.Equal(keeps ? 0x89EDu : 0x81EDu, after.Attr.Mode);
        }
    }

    [Fact]
    public void Flags_are_changed_when_the_kernel_has_checked_who_asks_and_privileged_ones_by_those_who_can_be_seen_to_have_the_right()
    {
        byte[] set = Struct(new IoCtlIn { Command = 0x40086602, InSize = 4 });
        byte[] immutable = [0x10, 0, 0, 2];
        byte[] noDump = [0x40, 0, 0, 2];
        using (TestSession named = new(new MemoryNodes(), new MountOptions { ReaderCount = 2 }))
        {
            (ulong node, _) = named.Create("f");
            Assert.Equal(Errno.EPERM, named.AskAs(Nobody, Opcode.IoCtl, node, out _, set, noDump));
        }

        using TestSession session = new(new MemoryNodes(), s_options) { ProcessId = NoProcess };
        (ulong file, _) = session.Create("f");
        Assert.Equal(Errno.Success, session.AskAs(Nobody, Opcode.IoCtl, file, out _, set, noDump));
        Assert.Equal(Errno.EPERM, session.AskAs(Nobody, Opcode.IoCtl, file, out _, set, immutable));
        Assert.Equal(Errno.EPERM, session.AskAs(1001, Opcode.IoCtl, file, out _, set, noDump));
    }

    [Fact]
    public void Volume_is_stopped_by_nobody_who_is_not_named()
    {
        using TestSession session = new(new MemoryNodes(), s_options) { ProcessId = (uint)Environment.ProcessId };
        Assert.Equal(Errno.EPERM, session.AskAs(Nobody, Opcode.IoCtl, 1, out _, Struct(new IoCtlIn { Command = 0x8004587D, OutSize = 4 })));
    }

    [Fact]
    public void Next_server_knows_that_the_kernel_names_nobody()
    {
        using SessionMemory memory = SessionMemory.CreateShared();
        MemoryNodes nodes = new();
        using TestSession first = new(nodes, s_options, memory: memory);
        using TestSession next = new(nodes, s_options, negotiate: false, memory: memory);
        _ = next.Session.Resume();
        Assert.True(next.Session.Negotiated!.Has(InitFlags.AllowIdMap));
    }

    private static byte[] List(TestSession session)
    {
        Assert.Equal(Errno.Success, session.AskAs(Nobody, Opcode.ListXAttr, 1, out byte[] names, Struct(new GetXAttrIn { Size = 100 })));
        return names;
    }
}
