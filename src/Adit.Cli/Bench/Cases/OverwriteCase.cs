namespace Adit.Cli.Bench.Cases;

/// <summary>Random overwrites of 4 KiB, durable when they return, beside a streaming copy to the same bytes and a fence.</summary>
internal sealed class OverwriteCase : RandomBlocksCase
{
    public override string Name => "overwrite-4k-durable";

    public override string Baseline => "nt-copy-4k";

    public override double Goal => 1.20;

    protected override BenchBody MakeBody(FilledFile filled) => new Overwrites(filled);

    protected override BenchBody MakeBaseline(FilledFile filled) => new StreamingCopies(filled);

    private sealed class Overwrites(FilledFile filled) : RandomBlocks(filled)
    {
        private readonly AditFile _file = filled.File;

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                _file.Write((long)NextBlock() * FilledFile.BlockBytes, Buffer);
            }
        }
    }

    private sealed unsafe class StreamingCopies(FilledFile filled) : RandomBlocks(filled)
    {
        private readonly nint[] _addresses = filled.Addresses;

        public override void Run(int operations)
        {
            var addresses = _addresses;
            var buffer = Buffer;
            for (var count = 0; count < operations; count++)
            {
                StreamingCopy.CopyAndFence((byte*)addresses[NextBlock()], buffer);
            }
        }
    }
}
