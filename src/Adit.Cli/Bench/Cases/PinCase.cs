using Adit.Dax.Pins;

namespace Adit.Cli.Bench.Cases;

/// <summary>Pinning and unpinning random pages that were accessed before, beside a copy of their bytes.</summary>
internal sealed class PinCase : RandomBlocksCase
{
    public override string Name => "pin-4k";

    public override string Baseline => "span-copy-4k";

    public override double Goal => 0.05;

    protected override BenchBody MakeBody(FilledFile filled) => new Pins(filled);

    protected override BenchBody MakeBaseline(FilledFile filled) => new BlockCopies(filled);

    private sealed class Pins(FilledFile filled) : RandomBlocks(filled)
    {
        private readonly AditFile _file = filled.File;

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                using Pin pin = _file.Pin((long)NextBlock() * FilledFile.BlockBytes, FilledFile.BlockBytes);
            }
        }
    }
}
