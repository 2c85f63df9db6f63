using System.Runtime.InteropServices;
using Adit.Interop.Linux;

namespace Adit.Cli.Bench.Mounts;

/// <summary>Reads or writes pieces of the data: in random order when they are blocks, one behind the other when they are larger.</summary>
internal sealed unsafe class TransferBody : MountBody
{
    private readonly FileDescriptor _file;
    private readonly byte* _buffer;
    private readonly int _pieceBytes;
    private readonly bool _isWrite;
    private readonly int[] _order;
    private int _next;

    /// <param name="seed">Of the order of blocks.</param>
    public TransferBody(MountTarget target, int pieceBytes, bool isWrite, int seed = 13)
        : base(target)
    {
        _file = OpenData();
        _pieceBytes = pieceBytes;
        _isWrite = isWrite;
        _buffer = (byte*)NativeMemory.AlignedAlloc((nuint)pieceBytes, MountScene.BlockBytes);
        NativeMemory.Fill(_buffer, (nuint)pieceBytes, 0x5A);
        var blocks = pieceBytes / MountScene.BlockBytes;
        _order = [.. Enumerable.Range(0, target.Offsets.Length / blocks).Select(piece => piece * blocks)];
        if (blocks == 1)
        {
            new Random(seed).Shuffle(_order);
        }
        else if (_order.Any(first => target.Offsets[first + blocks - 1] - target.Offsets[first] != pieceBytes - MountScene.BlockBytes))
        {
            throw new InvalidOperationException("the data does not lie in one piece where it is read in one");
        }
    }

    public override void Run(int operations)
    {
        for (var count = 0; count < operations; count++)
        {
            var offset = Target.Offsets[_order[_next]];
            _next = _next + 1 == _order.Length ? 0 : _next + 1;
            var done = _isWrite
                ? Libc.pwrite(_file, _buffer, (nuint)_pieceBytes, offset)
                : Libc.pread(_file, _buffer, (nuint)_pieceBytes, offset);
            Check(done == _pieceBytes, _isWrite ? "pwrite" : "pread");
        }
    }

    public override void Dispose()
    {
        _file.Dispose();
        NativeMemory.AlignedFree(_buffer);
    }
}
