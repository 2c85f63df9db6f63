namespace Adit.Cli.Bench.Cases;

/// <summary>Making and deleting an empty file, beside the same on tmpfs through the runtime's File.</summary>
internal sealed class CreateDeleteCase : BenchCase
{
    public override string Name => "create-delete";

    public override string Baseline => "tmpfs-file";

    public override double Goal => 0.10;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        using var volume = folder.CreateVolume(Name, 512L << 20);
        volume.CreateDirectory("/folder");
        var host = Directory.CreateDirectory(Path.Combine(folder.Path, "files")).FullName;
        return Result(InterleavedRounds.Run(new InVolume(volume), new OnTmpfs(host), 2_000, isQuick ? 15 : 161));
    }

    private sealed class InVolume(Volume volume) : BenchBody
    {
        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                volume.OpenFile("/folder/file", FileMode.CreateNew, FileAccess.Write).Dispose();
                volume.Delete("/folder/file");
            }
        }
    }

    private sealed class OnTmpfs(string folder) : BenchBody
    {
        private readonly string _path = Path.Combine(folder, "file");

        public override void Run(int operations)
        {
            for (var count = 0; count < operations; count++)
            {
                File.OpenHandle(_path, FileMode.CreateNew, FileAccess.Write).Dispose();
                File.Delete(_path);
            }
        }
    }
}
