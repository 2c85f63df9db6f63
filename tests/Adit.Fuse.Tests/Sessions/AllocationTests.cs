using System.Runtime.InteropServices;
using Adit.Fuse.Handlers;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

/// <summary>Serving allocates nothing once it is warm: counted in bytes by the runtime, for each kind of request that a
/// steady state is made of.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 2000;

    [Fact]
    public void Request_in_a_steady_state_allocates_nothing()
    {
        MemoryNodes nodes = new();
        using TestSession session = new(nodes);
        (ulong node, ulong handle) = session.Create("file");
        session.Write(node, handle, 0, new byte[100_000]);
        EntryOut link = session.Ask<EntryOut>(Opcode.SymLink, 1, Name("link"), Name("target"));
        Dictionary<string, byte[]> requests = new()
        {
            ["getattr"] = Of(Opcode.GetAttr, node, 9, Struct(new GetAttrIn())),
            ["statx"] = Of(Opcode.StatX, node, 9, Struct(new StatXIn())),
            ["setattr"] = Of(Opcode.SetAttr, node, 9, Struct(new SetAttrIn { Valid = SetAttrFields.ModifyTime, ModifySeconds = 5 })),
            ["chmod"] = Of(Opcode.SetAttr, node, 9, Struct(new SetAttrIn { Valid = SetAttrFields.Mode, Mode = 0x1A4 })),
            ["lookup"] = Of(Opcode.Lookup, 1, 9, Name("file")),
            ["lookup of nothing"] = Of(Opcode.Lookup, 1, 9, Name("nothing")),
            ["forget"] = Of(Opcode.Forget, node, 9, Struct(new ForgetIn { Count = 1 })),
            ["read 4 KiB"] = Of(Opcode.Read, node, 9, Struct(new ReadIn { Handle = handle, Offset = 4096, Size = 4096 })),
            ["read 64 KiB"] = Of(Opcode.Read, node, 9, Struct(new ReadIn { Handle = handle, Offset = 1, Size = 65536 })),
            ["write 4 KiB"] = Of(Opcode.Write, node, 9, Struct(new WriteIn { Handle = handle, Offset = 4096, Size = 4096 }), new byte[4096]),
            ["append"] = Of(Opcode.Write, node, 9, Struct(new WriteIn { Handle = handle, Size = 16, Flags = 0x400 }), new byte[16]),
            ["fsync"] = Of(Opcode.FSync, node, 9, Struct(new FSyncIn { Handle = handle })),
            ["readdir"] = Of(Opcode.ReadDir, 1, 9, Struct(new ReadIn { Size = 4096 })),
            ["readlink"] = Of(Opcode.ReadLink, link.NodeId, 9),
            ["statfs"] = Of(Opcode.StatFs, 1, 9),
            ["getxattr of nothing"] = Of(Opcode.GetXAttr, node, 9, Struct(new GetXAttrIn { Size = 64 }), Name("security.selinux")),
            ["lseek"] = Of(Opcode.LSeek, node, 9, Struct(new LSeekIn { Handle = handle, Whence = 3 })),
            ["fallocate"] = Of(Opcode.FAllocate, node, 9, Struct(new FAllocateIn { Handle = handle, Length = 100 })),
            ["copy"] = Of(Opcode.CopyFileRange, node, 9, Struct(new CopyFileRangeIn { HandleIn = handle, HandleOut = handle, OffsetIn = 50_000, Length = 1000 })),
            ["opendir"] = Of(Opcode.OpenDir, 1, 9, Struct(new OpenIn())),
            ["lsattr"] = Of(Opcode.IoCtl, node, 9, Struct(new IoCtlIn { Command = 0x80086601, OutSize = 4 })),
            ["an unknown opcode"] = Of((Opcode)70, node, 9),
            ["a bad handle"] = Of(Opcode.Read, node, 9, Struct(new ReadIn { Handle = 77, Size = 1 })),
        };

        session.Transport.KeepsReplies = false;
        foreach ((string name, byte[] request) in requests)
        {
            Assert.True(Measure(session, request) == 0, $"{name} allocates");
        }
    }

    /// <summary>Reads, overwrites, appends and lookups of a volume, from the request's bytes to the medium and back.</summary>
    [Fact]
    public void Request_to_a_volume_allocates_nothing()
    {
        using MemoryMedium medium = new(256 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium);
        using TestSession session = new(volume);
        (ulong node, ulong handle) = session.Create("file");
        (ulong grown, ulong appending) = session.Create("grown");
        session.Write(node, handle, 0, new byte[200_000]);
        Dictionary<string, byte[]> requests = new()
        {
            ["getattr"] = Of(Opcode.GetAttr, node, 9, Struct(new GetAttrIn())),
            ["lookup"] = Of(Opcode.Lookup, 1, 9, Name("file")),
            ["lookup of nothing"] = Of(Opcode.Lookup, 1, 9, Name("nothing")),
            ["forget"] = Of(Opcode.Forget, node, 9, Struct(new ForgetIn { Count = 1 })),
            ["read 4 KiB"] = Of(Opcode.Read, node, 9, Struct(new ReadIn { Handle = handle, Offset = 4096, Size = 4096 })),
            ["read 128 KiB"] = Of(Opcode.Read, node, 9, Struct(new ReadIn { Handle = handle, Offset = 1, Size = 131072 })),
            ["write 4 KiB"] = Of(Opcode.Write, node, 9, Struct(new WriteIn { Handle = handle, Offset = 4096, Size = 4096, WriteFlags = WriteIn.KillSetIds }), new byte[4096]),
            ["append"] = Of(Opcode.Write, grown, 9, Struct(new WriteIn { Handle = appending, Size = 4096, Flags = 0x400 }), new byte[4096]),
            ["fsync"] = Of(Opcode.FSync, node, 9, Struct(new FSyncIn { Handle = handle })),
            ["statfs"] = Of(Opcode.StatFs, 1, 9),
            ["getxattr of nothing"] = Of(Opcode.GetXAttr, node, 9, Struct(new GetXAttrIn { Size = 64 }), Name("security.selinux")),
        };
        session.Transport.KeepsReplies = false;
        foreach ((string name, byte[] request) in requests)
        {
            long allocated = Measure(session, request);
            Assert.True(allocated == 0, $"{name} allocates {allocated} bytes in {Rounds} requests");
        }
    }

    /// <summary>What is made and removed, or opened and closed, again and again: each request uses what the one before has left.</summary>
    [Fact]
    public unsafe void Open_close_create_and_unlink_of_a_volume_allocate_nothing()
    {
        using MemoryMedium medium = new(256 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium);
        using TestSession session = new(volume);
        (ulong node, ulong handle) = session.Create("file");
        byte[] open = Of(Opcode.Open, node, 9, Struct(new OpenIn()));
        byte[] create = Of(Opcode.Create, 1, 9, Struct(new CreateIn { Flags = 2, Mode = 0x81A4 }), Name("other"));
        byte[] write = Of(Opcode.Write, node, 9, Struct(new WriteIn { Handle = handle, Size = 4096 }), new byte[4096]);
        byte[] release = Of(Opcode.Release, node, 9, Struct(new ReleaseIn { Handle = handle }));
        byte[] unlink = Of(Opcode.Unlink, 1, 9, Name("other"));
        byte[] forget = Of(Opcode.Forget, node, 9, Struct(new ForgetIn { Count = 1 }));
        session.Transport.KeepsReplies = false;
        AssertAllocatesNothing("open and close", () =>
        {
            Serve(open);
            Use(release, node, HandleIn(sizeof(OutHeader)));
        });
        AssertAllocatesNothing("create, close, unlink and forget", () =>
        {
            (ulong made, ulong opened) = Make();
            Use(release, made, opened);
            Serve(unlink);
            Use(forget, made, 1);
        });
        AssertAllocatesNothing("create, write, unlink while open, close and forget", () =>
        {
            (ulong made, ulong opened) = Make();
            Use(write, made, opened);
            Serve(unlink);
            Use(release, made, opened);
            Use(forget, made, 1);
        });
        Assert.Equal(0, volume.GetAttributes("/file").BlockCount);

        (ulong Node, ulong Handle) Make()
        {
            Serve(create);
            ulong made = MemoryMarshal.Read<EntryOut>(session.Transport.LastReply.AsSpan(sizeof(OutHeader))).NodeId;
            return (made, HandleIn(sizeof(OutHeader) + sizeof(EntryOut)));
        }

        ulong HandleIn(int offset) => MemoryMarshal.Read<OpenOut>(session.Transport.LastReply.AsSpan(offset)).Handle;

        // The argument of each of these begins with a handle or a count.
        void Use(byte[] request, ulong about, ulong first)
        {
            MemoryMarshal.AsRef<InHeader>(request.AsSpan()).NodeId = about;
            MemoryMarshal.Write(request.AsSpan(sizeof(InHeader)), first);
            Serve(request);
        }

        void Serve(byte[] request)
        {
            session.Load(request);
            Dispatcher.Serve(session.Session, session.Session.Channels[0], request.Length);
            if (MemoryMarshal.Read<OutHeader>(session.Transport.LastReply).Error != 0)
            {
                Assert.Fail($"request {MemoryMarshal.Read<InHeader>(request).Opcode} failed");
            }
        }

        static void AssertAllocatesNothing(string what, Action turn)
        {
            long allocated = 0;
            for (int round = 0; round < 3 * Rounds; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                turn();
                allocated += round < 2 * Rounds ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Assert.True(allocated == 0, $"{what}: {allocated} bytes in {Rounds} turns");
        }
    }

    [Fact]
    public void Counter_sees_an_allocation()
    {
        using TestSession session = new(new MemoryNodes());
        session.Ask(Opcode.SetXAttr, 1, out _, Struct(new SetXAttrIn { Size = 1 }), Struct(default(SetXAttrExtension)), Name("user.a"), [1]);
        session.Transport.KeepsReplies = false;

        // The fake turns the name into a string when it has attributes to look among.
        Assert.True(Measure(session, Of(Opcode.GetXAttr, 1, 9, Struct(new GetXAttrIn { Size = 64 }), Name("user.other"))) >= Rounds);
    }

    private static long Measure(TestSession session, byte[] request)
    {
        Serve(session, request);
        Serve(session, request);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Serve(session, request);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Serve(TestSession session, byte[] request)
    {
        for (int index = 0; index < Rounds; index++)
        {
            session.Load(request);
            Dispatcher.Serve(session.Session, session.Session.Channels[0], request.Length);
        }
    }
}
