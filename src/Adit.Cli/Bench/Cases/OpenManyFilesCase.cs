using System.Buffers.Text;
using System.Diagnostics;
using Adit.Cli.CommandLine;
using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Cli.Bench.Cases;

/// <summary>Opening a volume of very many files, beside opening one of the same size with 1000.</summary>
internal sealed class OpenManyFilesCase : BenchCase
{
    private const int FilesPerDirectory = 10_000;
    private const int FewFiles = 1000;

    public override string Name => "open-many-files";

    public override string Baseline => "open-1000-files";

    public override double Goal => 1.5;

    public override BenchResult Run(BenchFolder folder, bool isQuick)
    {
        var manyFiles = isQuick ? 100_000 : 1_000_000;
        var sizeBytes = isQuick ? 512L << 20 : 3L << 30;
        Fill(folder, "many", manyFiles, sizeBytes);
        Fill(folder, "few", FewFiles, sizeBytes);
        var rounds = isQuick ? 11 : 21;
        var many = new double[rounds];
        var few = new double[rounds];
        OpenAndClose(folder.PathOf("many"), manyFiles);
        OpenAndClose(folder.PathOf("few"), FewFiles);
        for (var round = 0; round < rounds; round++)
        {
            many[round] = OpenAndClose(folder.PathOf("many"), manyFiles);
            few[round] = OpenAndClose(folder.PathOf("few"), FewFiles);
        }

        folder.Delete("many");
        folder.Delete("few");
        var ns = InterleavedRounds.Median(many);
        var baselineNs = InterleavedRounds.Median(few);
        return Result(ns, baselineNs, ns / baselineNs, detail: $"{manyFiles} files");
    }

    private static void Fill(BenchFolder folder, string name, int files, long sizeBytes)
    {
        using var volume = folder.CreateVolume(name, sizeBytes);
        Span<byte> fileName = stackalloc byte[16];
        var directory = InodeNumber.Root;
        for (var index = 0; index < files; index++)
        {
            Utf8Formatter.TryFormat(index, fileName, out var length);
            if (index % FilesPerDirectory == 0)
            {
                Expect(volume.MakeDirectory(InodeNumber.Root, fileName[..length], 0x1ED, default, out var made));
                directory = made.Inode;
                volume.Forget(directory, 1);
            }

            Expect(volume.MakeNode(directory, fileName[..length], (uint)FileType.Regular | 0x1A4, 0, default, out var file));
            volume.Forget(file.Inode, 1);
        }
    }

    /// <summary>Time to open and to see the first file; closing is not part of it.</summary>
    private static double OpenAndClose(string path, int files)
    {
        var start = Stopwatch.GetTimestamp();
        using var volume = Volume.Open(path);
        var found = volume.Exists($"/0/{Math.Min(files, FilesPerDirectory) - 1}");
        var elapsed = Stopwatch.GetElapsedTime(start);
        return found ? elapsed.TotalNanoseconds : throw new CommandFailure($"{path}: a file of the bench is gone", ExitCode.Damaged, Errno.EUCLEAN);
    }

    private static void Expect(Errno outcome)
    {
        if (outcome != Errno.Success)
        {
            throw new CommandFailure($"making the files of the bench: {outcome.Message()}", errno: outcome);
        }
    }
}
