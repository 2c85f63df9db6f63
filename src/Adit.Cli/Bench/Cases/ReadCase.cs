namespace Adit.Cli.Bench.Cases;

/// <summary>Random reads of 4 KiB, beside a copy of the same bytes from the mapped medium.</summary>
internal sealed class ReadCase : RandomBlocksCase
{
    public override string Name => "read-4k";

    public override string Baseline => "span-copy-4k";

    public override double Goal => 1.10;

    protected override BenchBody MakeBody(FilledFile filled) => new Reads(filled);

    protected override BenchBody MakeBaseline(FilledFile filled) => new BlockCopies(filled);

    private sealed class Reads(FilledFile filled) : RandomBlocks(filled)
    {
        private readonly AditFile _file = filled.File;

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                _file.Read((long)NextBlock() * FilledFile.BlockBytes, Buffer);
            }
        }
    }
}
