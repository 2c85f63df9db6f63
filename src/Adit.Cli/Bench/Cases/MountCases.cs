using Adit.Cli.Bench.Mounts;
using Adit.Fuse;

namespace Adit.Cli.Bench.Cases;

/// <summary>The cases of a mounted volume. Single blocks and names are bound to one processor; what streams or runs in parallel is not.</summary>
internal static class MountCases
{
    private const int Block = MountScene.BlockBytes;
    private const int Mebibyte = 1 << 20;

    public static IEnumerable<BenchCase> All { get; } =
    [
        new MountCase("mount-read-4k", "bindfs", 0.8, 1000, isBound: true, target => new TransferBody(target, Block, isWrite: false)),
        new MountCase("mount-write-4k", "bindfs", 0.8, 1000, isBound: true, target => new TransferBody(target, Block, isWrite: true)),
        new MountCase("mount-stat", "tmpfs", 1.25, 2000, isBound: true, target => new StatBody(target)),
        new MountCase("mount-create", "bindfs", 0.6, 200, isBound: true, target => new CreateBody(target)),
        new MountCase("mount-open", "bindfs", 0.6, 500, isBound: true, target => new OpenBody(target)),
        new MountCase("mount-read-1m", "tmpfs", 2.5, 64, isBound: false, target => new TransferBody(target, Mebibyte, isWrite: false)),
        new MountCase("mount-write-1m", "bindfs", 0.8, 64, isBound: false, target => new TransferBody(target, Mebibyte, isWrite: true)),
        new MountCase("mount-write-4k-parallel", "bindfs", 0.3, 1000, isBound: false, target => new ParallelBody(target)),
        .. Rings,
    ];

    /// <summary>Over io_uring, where the kernel's switch is on.</summary>
    private static IEnumerable<BenchCase> Rings => FuseMount.IsIoUringSwitchedOn
        ?
        [
            new MountCase("mount-read-4k-uring", "classic", 1.15, 1000, isBound: true, target => new TransferBody(target, Block, isWrite: false), isOverRings: true),
            new MountCase("mount-read-1m-uring", "classic", 1.4, 64, isBound: false, target => new TransferBody(target, Mebibyte, isWrite: false), isOverRings: true),
            new MountCase("mount-write-4k-parallel-uring", "classic", 1.0, 1000, isBound: false, target => new ParallelBody(target), isOverRings: true),
        ]
        : [];
}
