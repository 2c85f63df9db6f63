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

        protected override void RunOn(int block) => _file.Write((long)block * FilledFile.BlockBytes, Buffer);
    }

    private sealed unsafe class StreamingCopies(FilledFile filled) : RandomBlocks(filled)
    {
        private readonly nint[] _addresses = filled.Addresses;

        protected override void RunOn(int block) => StreamingCopy.CopyAndFence((byte*)_addresses[block], Buffer);
    }
}
