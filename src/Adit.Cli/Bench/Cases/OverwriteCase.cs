namespace Adit.Cli.Bench.Cases;

/// <summary>Random overwrites of 4 KiB, durable when they return, beside a streaming copy to the same bytes and a fence.</summary>
internal sealed class OverwriteCase : BenchCase
{
    private const long FileBytes = 256L << 20;

    public override string Name => "overwrite-4k-durable";

    public override string Baseline => "nt-copy-4k";

    public override double Goal => 1.20;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var volume = folder.CreateVolume(Name, 512L << 20);
        var filled = new FilledFile(volume, "/file", FileBytes);
        using (filled.File)
        {
            return Result(InterleavedRounds.Run(new Overwrites(filled), new RandomStreamingCopies(filled), 20_000, isQuick ? 21 : 61));
        }
    }

    private sealed class Overwrites(FilledFile filled) : BenchBody
    {
        private readonly byte[] _source = new byte[FilledFile.BlockBytes];
        private int _next;

        public override void Run(int operations)
        {
            var order = filled.Order;
            for (var count = 0; count < operations; count++)
            {
                var block = order[_next++ & (order.Length - 1)];
                filled.File.Write((long)block * FilledFile.BlockBytes, _source);
            }
        }
    }

    private sealed unsafe class RandomStreamingCopies(FilledFile filled) : BenchBody
    {
        private readonly byte[] _source = new byte[FilledFile.BlockBytes];
        private int _next;

        public override void Run(int operations)
        {
            var order = filled.Order;
            var addresses = filled.Addresses;
            for (var count = 0; count < operations; count++)
            {
                var block = order[_next++ & (order.Length - 1)];
                StreamingCopy.CopyAndFence((byte*)addresses[block], _source);
            }
        }
    }
}
