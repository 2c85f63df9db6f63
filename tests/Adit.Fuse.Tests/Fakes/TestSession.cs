using System.Runtime.InteropServices;
using Adit.Fuse.Handlers;
using Adit.Fuse.Options;
using Adit.Fuse.Session;
using Adit.Fuse.Succession;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Fakes;

/// <summary>A session without a kernel: each request is served on the calling thread and its reply given back.</summary>
internal sealed unsafe class TestSession : IDisposable
{
    private ulong _unique = 100;

    public TestSession(INodeOperations nodes, MountOptions? options = null, bool negotiate = true, SessionMemory? memory = null)
    {
        Session = new FuseSession(nodes, Transport, options ?? new MountOptions { ReaderCount = 2 }, (level, text) => Messages.Add($"{level}: {text}"), memory);
        if (negotiate)
        {
            Session.CommitOnThisThread();
            Serve(RequestBytes.Init());
            Session.RememberNegotiation();
        }
    }

    /// <summary>Which process asks.</summary>
    public uint ProcessId { get; set; } = 4711;

    public RecordingTransport Transport { get; } = new();

    public FuseSession Session { get; }

    public List<string> Messages { get; } = [];

    /// <summary>What was told to the kernel while requests were served.</summary>
    public List<byte[]> Notifications { get; } = [];

    /// <summary>Serves raw bytes.</summary>
    /// <returns>What was sent back, or null.</returns>
    public byte[]? Serve(byte[] request)
    {
        Load(request);
        Dispatcher.Serve(Session, Session.Channels[0], request.Length);
        while (Transport.Replies.TryDequeue(out byte[]? sent))
        {
            if (MemoryMarshal.Read<OutHeader>(sent).Unique != 0)
            {
                return sent;
            }

            Notifications.Add(sent);
        }

        return null;
    }

    /// <summary>Puts a request where a reader would find it.</summary>
    public void Load(byte[] request) =>
        request.CopyTo(new Span<byte>(Session.Channels[0].RequestBuffer, Session.Channels[0].RequestCapacityBytes));

    /// <summary>Serves a request.</summary>
    /// <returns>Its outcome and the bytes behind the reply's header.</returns>
    public Errno Ask(Opcode opcode, ulong node, out byte[] body, params byte[][] arguments) => AskAs(1000, opcode, node, out body, arguments);

    public Errno AskAs(uint userId, Opcode opcode, ulong node, out byte[] body, params byte[][] arguments)
    {
        ulong unique = ++_unique;
        byte[] reply = Serve(RequestBytes.Sent(opcode, node, unique, userId, ProcessId, arguments)) ?? throw new InvalidOperationException($"no reply to {opcode}");
        OutHeader header = MemoryMarshal.Read<OutHeader>(reply);
        Assert.Equal(unique, header.Unique);
        Assert.Equal((uint)reply.Length, header.Length);
        body = reply[sizeof(OutHeader)..];
        return (Errno)(-header.Error);
    }

    public T Ask<T>(Opcode opcode, ulong node, params byte[][] arguments)
        where T : unmanaged
    {
        Assert.Equal(Errno.Success, Ask(opcode, node, out byte[] body, arguments));
        return MemoryMarshal.Read<T>(body);
    }

    /// <summary>Makes a file and opens it.</summary>
    public (ulong Node, ulong Handle) Create(string name, uint flags = 2, uint mode = 0x81A4, ulong directory = 1)
    {
        byte[] arguments = RequestBytes.Struct(new CreateIn { Flags = flags, Mode = mode });
        Assert.Equal(Errno.Success, Ask(Opcode.Create, directory, out byte[] body, arguments, RequestBytes.Name(name)));
        EntryOut entry = MemoryMarshal.Read<EntryOut>(body);
        return (entry.NodeId, MemoryMarshal.Read<OpenOut>(body.AsSpan(sizeof(EntryOut))).Handle);
    }

    public Errno Write(ulong node, ulong handle, ulong offset, byte[] data, uint writeFlags = 0, uint flags = 0, uint userId = 1000) =>
        AskAs(userId, Opcode.Write, node, out _, RequestBytes.Struct(new WriteIn { Handle = handle, Offset = offset, Size = (uint)data.Length, WriteFlags = writeFlags, Flags = flags }), data);

    public byte[] Read(ulong node, ulong handle, ulong offset, uint size)
    {
        Assert.Equal(Errno.Success, Ask(Opcode.Read, node, out byte[] body, RequestBytes.Struct(new ReadIn { Handle = handle, Offset = offset, Size = size })));
        return body;
    }

    public void Dispose() => Session.Dispose();
}
