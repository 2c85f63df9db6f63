namespace Adit.Cli.Bench.Cases;

/// <summary>Random reads of 4 KiB, beside a copy of the same bytes from the mapped medium.</summary>
internal sealed class ReadCase : BenchCase
{
    private const long FileBytes = 256L << 20;

    public override string Name => "read-4k";

    public override string Baseline => "span-copy-4k";

    public override double Goal => 1.10;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var volume = folder.CreateVolume(Name, 512L << 20);
        var filled = new FilledFile(volume, "/file", FileBytes);
        using (filled.File)
        {
            return Result(InterleavedRounds.Run(new Reads(filled), new Copies(filled), 20_000, isQuick ? 21 : 61));
        }
    }

    private sealed class Reads(FilledFile filled) : BenchBody
    {
        private readonly byte[] _buffer = new byte[FilledFile.BlockBytes];
        private int _next;

        public override void Run(int operations)
        {
            var order = filled.Order;
            for (var count = 0; count < operations; count++)
            {
                var block = order[_next++ & (order.Length - 1)];
                filled.File.Read((long)block * FilledFile.BlockBytes, _buffer);
            }
        }
    }

    private sealed unsafe class Copies(FilledFile filled) : BenchBody
    {
        private readonly byte[] _buffer = new byte[FilledFile.BlockBytes];
        private int _next;

        public override void Run(int operations)
        {
            var order = filled.Order;
            var addresses = filled.Addresses;
            for (var count = 0; count < operations; count++)
            {
                var block = order[_next++ & (order.Length - 1)];
                new ReadOnlySpan<byte>((byte*)addresses[block], FilledFile.BlockBytes).CopyTo(_buffer);
            }
        }
    }
}
