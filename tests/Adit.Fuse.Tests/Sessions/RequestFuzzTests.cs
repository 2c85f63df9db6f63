using System.Runtime.InteropServices;
using Adit.Fuse.Tests.Fakes;
using Adit.Checking;
using Adit.Fuse.Wire;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Sessions;

/// <summary>Requests made of noise: each gets one well-formed reply, or none where the protocol has none; nothing crashes,
/// and nothing that is held afterwards cannot be given back.</summary>
public sealed class RequestFuzzTests(ITestOutputHelper output)
{
    private static readonly Opcode[] Silent = [Opcode.Forget, Opcode.BatchForget, Opcode.Interrupt, Opcode.NotifyReply];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_requests_get_one_reply_each(int seed) => RunOverMemory(seed, 5_000, output.WriteLine);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Mutated_requests_to_a_volume_get_one_reply_each_and_leave_it_sound(int seed) => RunOverVolume(seed, 5_000, output.WriteLine);

    [Theory]
    [Trait("Tier", "long")]
    [InlineData(100)]
    public void Many_mutated_requests_get_one_reply_each(int seed) => RunOverMemory(seed, 2_000_000, output.WriteLine);

    [Theory]
    [Trait("Tier", "long")]
    [InlineData(101)]
    public void Many_mutated_requests_to_a_volume_get_one_reply_each_and_leave_it_sound(int seed) => RunOverVolume(seed, 1_000_000, output.WriteLine);

    /// <summary>Also run by <c>dotnet Adit.Fuse.Tests.dll fuzz SEED COUNT</c>, which replays a seed.</summary>
    internal static void RunOverMemory(int seed, int count, Action<string> print)
    {
        print($"replay with: dotnet Adit.Fuse.Tests.dll fuzz {seed} {count}");
        using MemoryNodes nodes = new() { MaxFileBytes = 1 << 20 };
        Run(nodes, seed, count, print);
        for (ulong inode = 2; inode < 100_000; inode++)
        {
            Assert.Equal(0, nodes.RetainedOf(inode));
        }
    }

    /// <summary>Also run by <c>dotnet Adit.Fuse.Tests.dll fuzz-volume SEED COUNT</c>.</summary>
    internal static void RunOverVolume(int seed, int count, Action<string> print)
    {
        print($"replay with: dotnet Adit.Fuse.Tests.dll fuzz-volume {seed} {count}");
        using MemoryMedium medium = new(64 << 20);
        Volume.Format(medium, new FormatOptions());
        using Volume volume = Volume.Open(medium);
        Run(volume, seed, count, print);
        Assert.Empty(VolumeChecker.Check(volume.Store).Findings);
    }

    private static void Run(INodeOperations nodes, int seed, int count, Action<string> print)
    {
        Random random = new(seed);
        using TestSession session = new(nodes);
        List<ulong> handles = [0];
        int answered = 0, succeeded = 0;
        for (int index = 0; index < count; index++)
        {
            byte[] request = Make(random, handles);
            byte[]? reply = session.Serve(request);
            string description = $"seed {seed}, request {index}: {Convert.ToHexString(request.AsSpan(0, Math.Min(request.Length, 120)))}";
            Assert.True(session.Transport.Replies.IsEmpty, $"two replies: {description}");
            Opcode opcode = request.Length >= 40 ? (Opcode)BitConverter.ToUInt32(request, 4) : 0;
            if (reply is null)
            {
                Assert.True(request.Length < 40 || Silent.Contains(opcode), $"no reply: {description}");
                continue;
            }

            answered++;
            OutHeader header = MemoryMarshal.Read<OutHeader>(reply);
            Assert.True(header.Length == reply.Length && header.Unique == BitConverter.ToUInt64(request, 8) && header.Error is <= 0 and > -512, $"malformed reply: {description}");
            Assert.True(header.Error == 0 || reply.Length == 16, $"an error with a body: {description}");
            if (header.Error == 0)
            {
                succeeded++;
                Remember(opcode, reply, handles);
            }
        }

        // A run in which nothing got through would have tested the frame only.
        print($"{answered} answered, {succeeded} succeeded");
        Assert.True(succeeded > count / 50, $"inconclusive: only {succeeded} of {count} requests succeeded");
        Assert.DoesNotContain(session.Messages, message => message.Contains("Exception", StringComparison.Ordinal));
        session.Session.Handles.CloseAll(exception => throw exception);
        session.Session.Lookups.Drain(nodes.Forget);
    }

    private static void Remember(Opcode opcode, byte[] reply, List<ulong> handles)
    {
        int at = opcode switch
        {
            Opcode.Open => 16,
            Opcode.Create or Opcode.TmpFile => 16 + 128,
            _ => -1,
        };
        if (at >= 0)
        {
            handles.Add(BitConverter.ToUInt64(reply, at));
        }
    }

    /// <summary>A request that is nearly right, then some of its bytes changed, or its end cut off or drawn out.</summary>
    private static byte[] Make(Random random, List<ulong> handles)
    {
        ulong node = random.Next(4) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(40);
        ulong handle = handles[^Math.Min(handles.Count, 1 + random.Next(20))];
        Opcode opcode = random.Next(20) == 0 ? (Opcode)random.Next() : (Opcode)random.Next(1, 56);
        byte[] arguments = new byte[random.Next(16) * 8];
        random.NextBytes(arguments);
        if (random.Next(3) != 0)
        {
            // Small numbers get further than large ones.
            for (int index = 0; index < arguments.Length; index++)
            {
                arguments[index] = (byte)(index % 8 == 0 ? arguments[index] & 0x1F : index % 8 == 1 ? arguments[index] & 3 : 0);
            }
        }

        if (arguments.Length >= 8 && random.Next(3) != 0)
        {
            BitConverter.TryWriteBytes(arguments, handle);
        }

        byte[] name = random.Next(2) == 0 ? RequestBytes.Name($"n{random.Next(30)}") : [];
        byte[] second = random.Next(3) == 0 ? RequestBytes.Name($"n{random.Next(30)}") : new byte[random.Next(200)];
        byte[] request = RequestBytes.From(opcode, node, (ulong)random.NextInt64(), (uint)random.Next(3), TypicalHead(opcode, arguments, handle, random), name, second);
        switch (random.Next(6))
        {
            case 0:
                request[random.Next(request.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                request = request[..random.Next(request.Length)];
                break;
            case 2 when request.Length > 40:
                random.NextBytes(request.AsSpan(40, random.Next(request.Length - 40)));
                break;
        }

        // INIT is tested elsewhere; here it would only be refused.
        return request;
    }

    private static byte[] TypicalHead(Opcode opcode, byte[] noise, ulong handle, Random random) => random.Next(4) == 0 ? noise : opcode switch
    {
        Opcode.Lookup or Opcode.Unlink or Opcode.RmDir or Opcode.SymLink or Opcode.RemoveXAttr => [],
        Opcode.Create or Opcode.TmpFile => RequestBytes.Struct(new CreateIn { Flags = 2, Mode = 0x81A4 }),
        Opcode.MkNod => RequestBytes.Struct(new MkNodIn { Mode = 0x81A4 }),
        Opcode.MkDir => RequestBytes.Struct(new MkDirIn { Mode = 0x1ED }),
        Opcode.Open => RequestBytes.Struct(new OpenIn { Flags = 2 }),
        Opcode.Read => RequestBytes.Struct(new ReadIn { Handle = handle, Offset = (ulong)random.Next(5000), Size = (uint)random.Next(1 << 21) }),
        Opcode.Write => RequestBytes.Struct(new WriteIn { Handle = handle, Offset = (ulong)random.NextInt64(2 << 20), Size = (uint)random.Next(200) }),
        Opcode.ReadDir or Opcode.ReadDirPlus => RequestBytes.Struct(new ReadIn { Offset = (ulong)random.Next(10), Size = (uint)random.Next(9000) }),
        Opcode.FAllocate => RequestBytes.Struct(new FAllocateIn { Handle = handle, Offset = (ulong)random.Next(5000), Length = (ulong)random.Next(5000), Mode = (uint)random.Next(128) }),
        Opcode.CopyFileRange or Opcode.CopyFileRange64 => RequestBytes.Struct(new CopyFileRangeIn { HandleIn = handle, HandleOut = handle, OffsetIn = (ulong)random.Next(9000), OffsetOut = (ulong)random.Next(9000), Length = (ulong)random.Next(9000) }),
        _ => noise,
    };
}
