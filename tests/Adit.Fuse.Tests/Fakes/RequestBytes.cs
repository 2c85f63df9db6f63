using System.Runtime.InteropServices;
using Adit.Fuse.Wire;

namespace Adit.Fuse.Tests.Fakes;

/// <summary>Lays out requests as the kernel does.</summary>
internal static class RequestBytes
{
    public static byte[] Of(Opcode opcode, ulong node, ulong unique, params byte[][] arguments) => From(opcode, node, unique, 1000, arguments);

    public static byte[] From(Opcode opcode, ulong node, ulong unique, uint userId, params byte[][] arguments) =>
        Sent(opcode, node, unique, userId, 4711, arguments);

    public static byte[] Sent(Opcode opcode, ulong node, ulong unique, uint userId, uint processId, byte[][] arguments)
    {
        int length = Marshal.SizeOf<InHeader>() + arguments.Sum(part => part.Length);
        InHeader header = new()
        {
            Length = (uint)length,
            Opcode = opcode,
            Unique = unique,
            NodeId = node,
            UserId = userId,
            GroupId = userId,
            ProcessId = processId,
        };
        return [.. Struct(header), .. arguments.SelectMany(part => part)];
    }

    public static byte[] Struct<T>(in T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();

    public static byte[] Name(string name) => [.. System.Text.Encoding.UTF8.GetBytes(name), 0];

    public static byte[] Init(uint minor = 45, ulong flags = ~0UL) => Of(Opcode.Init, 0, 1, Struct(new InitIn
    {
        Major = 7,
        Minor = minor,
        MaxReadahead = 131072,
        Flags = (uint)flags,
        Flags2 = (uint)(flags >> 32),
    }));
}
