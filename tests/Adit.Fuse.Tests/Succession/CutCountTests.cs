using Adit.Format;
using Adit.Fuse.Session;
using Adit.Fuse.Succession;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Metadata.Logging;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Succession;

/// <summary>A server is killed between two stores of a change of a lookup count: the next one finds the count and the request's progress as before it, or as
/// after it, and takes back or forgets each node once.</summary>
public sealed unsafe class CutCountTests
{
    private const ulong Node = 7;
    private const ulong Other = 8;

    /// <summary>How many of the stores have happened.</summary>
    public static TheoryData<int> Cuts => [0, 1, 2, 3];

    [Theory]
    [MemberData(nameof(Cuts))]
    public void Lookup_of_a_reply_that_never_became_whole_is_taken_back(int stores)
    {
        using SessionMemory memory = SessionMemory.CreateShared();
        LookupCounts counts = new(memory);
        ChannelArea* area = memory.Channel(3);
        counts.Add(new InodeNumber(Node));
        area->Opcode = Opcode.Lookup;
        area->State = RequestState.InWork;
        ChannelArea.Given(area)[0] = Node;
        Cut(memory, area, before: 1, after: 2, stores, progress: 1);

        Assert.Equal([(Node, 1UL)], Retained(memory));
        Assert.Equal(RequestState.Idle, area->State);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void First_lookup_of_a_node_is_taken_back(int stores)
    {
        using SessionMemory memory = SessionMemory.CreateShared();
        LookupCounts counts = new(memory);
        ChannelArea* area = memory.Channel(3);
        counts.Add(new InodeNumber(Node));
        counts.Add(new InodeNumber(Other));
        counts.Release(new InodeNumber(Node), 1);
        area->Opcode = Opcode.ReadDirPlus;
        area->State = RequestState.InWork;
        ChannelArea.Given(area)[0] = Node;
        Cut(memory, area, before: 0, after: 1, stores, progress: 1);

        Assert.Equal([(Other, 1UL)], Retained(memory));
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void Node_is_forgotten_as_often_as_the_kernel_said(int stores)
    {
        using SessionMemory memory = SessionMemory.CreateShared();
        LookupCounts counts = new(memory);
        ChannelArea* area = memory.Channel(3);
        for (int count = 0; count < 5; count++)
        {
            counts.Add(new InodeNumber(Node));
        }

        // The kernel gives back one node twice and another, which is not held.
        byte[] request = Of(Opcode.BatchForget, 0, 99, Struct(new BatchForgetIn { Count = 2 }), Struct(new ForgetOne { NodeId = Node, Count = 2 }), Struct(new ForgetOne { NodeId = Other, Count = 1 }));
        request.CopyTo(new Span<byte>(ReaderChannel.RequestOf(area), request.Length));
        area->Opcode = Opcode.BatchForget;
        area->Unique = 99;
        area->State = RequestState.InWork;
        Cut(memory, area, before: 5, after: 3, stores, progress: 1);

        Assert.Equal([(Node, 3UL)], Retained(memory));
        Assert.Equal([(Node, 3UL)], Retained(memory));
    }

    [Fact]
    public void Change_of_a_count_ends_with_nothing_to_undo()
    {
        using SessionMemory memory = SessionMemory.CreateShared();
        LookupCounts counts = new(memory);
        ChannelArea* area = memory.Channel(3);
        area->Opcode = Opcode.Lookup;
        area->State = RequestState.Answered;
        counts.Add(new InodeNumber(Node), area);
        counts.Add(new InodeNumber(Other), area);
        Assert.Equal((2, 0L), (area->GivenCount, area->CountingPlace));
        Assert.Equal(1UL, counts.Release(new InodeNumber(Other), 1, area));
        Assert.Equal((1, 0L), (area->GivenCount, area->CountingPlace));

        Assert.Equal([(Node, 1UL)], Retained(memory));
    }

    [Theory]
    [InlineData(nameof(Opcode.Lookup))]
    [InlineData(nameof(Opcode.ReadDirPlus))]
    [InlineData(nameof(Opcode.Create))]
    public void What_a_reply_would_have_given_is_taken_back_when_the_kernel_refuses_it(string opcode)
    {
        MemoryNodes nodes = new();
        using TestSession session = new(nodes);
        session.Create("file");
        (long lookups, int open) before = (session.Session.Lookups.Total, session.Session.Handles.OpenCount);
        session.Transport.SendOutcomes.Enqueue(Errno.EINVAL);
        byte[][] arguments = opcode switch
        {
            nameof(Opcode.Lookup) => [Name("file")],
            nameof(Opcode.ReadDirPlus) => [Struct(new ReadIn { Size = 4096 })],
            _ => [Struct(new CreateIn { Flags = 2, Mode = 0x81A4 }), Name("new")],
        };

        Assert.Equal(Errno.EIO, session.Ask(Enum.Parse<Opcode>(opcode), 1, out _, arguments));
        Assert.Equal(before, (session.Session.Lookups.Total, session.Session.Handles.OpenCount));
    }

    [Fact]
    public void Kernel_that_forgets_what_it_is_only_being_given_harms_nobody()
    {
        using TestSession session = new(new MemoryNodes());
        InodeNumber node = new(session.Create("file").Node);
        session.Transport.SendOutcomes.Enqueue(Errno.EINVAL);
        session.Transport.Sending = () => session.Session.Lookups.Release(node, ulong.MaxValue);

        Assert.Equal(Errno.EIO, session.Ask(Opcode.Lookup, 1, out _, Name("file")));
        Assert.Equal(0, session.Session.Lookups.Total);
        session.Transport.Sending = null;
        Assert.Equal(Errno.Success, session.Ask(Opcode.Lookup, 1, out _, Name("file")));
    }

    /// <summary>As <see cref="HeldInodes.Change"/> for the memory's first place, up to one of its stores.</summary>
    private static void Cut(SessionMemory memory, ChannelArea* area, ulong before, ulong after, int stores, int progress)
    {
        area->CountBefore = before;
        area->ProgressBefore = area->Progress;
        area->CountingPlace = stores > 0 ? 1 : 0;
        memory.Held[0].Count = stores > 1 ? after : before;
        area->Progress += stores > 2 ? progress : 0;
    }

    private static IEnumerable<(ulong Inode, ulong Count)> Retained(SessionMemory memory) =>
        new ServerSuccession(memory).TakeRetained(firstSequence: 1).Select(held => (held.Inode.Value, held.Count)).Order();
}
