namespace Adit.Cli.Bench.Cases;

/// <summary>Something done to random 4 KiB blocks of a file of 256 MiB, beside the same on the addresses that they have in memory.</summary>
internal abstract class RandomBlocksCase : BenchCase
{
    private const long FileBytes = 256L << 20;

    public sealed override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var volume = folder.CreateVolume(Name, 512L << 20);
        var filled = new FilledFile(volume, "/file", FileBytes);
        using (filled.File)
        {
            return Result(InterleavedRounds.Run(MakeBody(filled), MakeBaseline(filled), 20_000, isQuick ? 21 : 61));
        }
    }

    protected abstract BenchBody MakeBody(FilledFile filled);

    protected abstract BenchBody MakeBaseline(FilledFile filled);

    /// <summary>Goes through the blocks in their random order. Each body has a loop of its own: a call in between would keep the processor from
    /// working on the next copy during this one, and the baseline would look slower than it is.</summary>
    protected abstract class RandomBlocks(FilledFile filled) : BenchBody
    {
        private readonly int[] _order = filled.Order;
        private int _next;

        protected byte[] Buffer { get; } = new byte[FilledFile.BlockBytes];

        protected int NextBlock() => _order[_next++ & (_order.Length - 1)];
    }

    /// <summary>Copies of the blocks' bytes from where they lie in memory.</summary>
    protected sealed unsafe class BlockCopies(FilledFile filled) : RandomBlocks(filled)
    {
        private readonly nint[] _addresses = filled.Addresses;

        public override void Run(int operations)
        {
            var addresses = _addresses;
            var buffer = Buffer;
            for (var count = 0; count < operations; count++)
            {
                new ReadOnlySpan<byte>((byte*)addresses[NextBlock()], FilledFile.BlockBytes).CopyTo(buffer);
            }
        }
    }
}
