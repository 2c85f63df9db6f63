namespace Adit.Cli.Bench.Cases;

/// <summary>Appends of 4 KiB, durable and atomic when they return, beside a streaming copy and a fence to bytes one after another.</summary>
internal sealed class AppendCase : BenchCase
{
    private const int BlocksPerRound = 8192;

    public override string Name => "append-4k-durable";

    public override string Baseline => "nt-copy-4k";

    public override double Goal => 1.60;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var volume = folder.CreateVolume(Name, 512L << 20);
        var region = new FilledFile(volume, "/region", (long)BlocksPerRound * FilledFile.BlockBytes);
        using (region.File)
        {
            using var file = volume.OpenFile("/file", FileMode.Create);
            return Result(InterleavedRounds.Run(new Appends(file), new StreamingCopies(region), BlocksPerRound, isQuick ? 15 : 41));
        }
    }

    private sealed class Appends(AditFile file) : BenchBody
    {
        private readonly byte[] _source = new byte[FilledFile.BlockBytes];

        public override void Prepare() => file.SetLength(0);

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                file.Append(_source);
            }
        }
    }

    private sealed unsafe class StreamingCopies(FilledFile region) : BenchBody
    {
        private readonly byte[] _source = new byte[FilledFile.BlockBytes];

        public override void Run(int operations)
        {
            var addresses = region.Addresses;
            for (var count = 0; count < operations; count++)
            {
                StreamingCopy.CopyAndFence((byte*)addresses[count % addresses.Length], _source);
            }
        }
    }
}
