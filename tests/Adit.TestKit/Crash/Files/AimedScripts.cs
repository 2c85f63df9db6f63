using Adit.Nodes;
using Adit.TestKit.Model;

namespace Adit.TestKit.Crash.Files;

/// <summary>Sequences that put one mechanism at risk again and again.</summary>
public static class AimedScripts
{
    private const int Files = 6;
    private const int Block = 4096;

    /// <summary>Files of many pieces, cut to nothing: each cut is several transactions.</summary>
    public static FileWorkloadOptions Truncations(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        CheckPercent = 100,
        Mix = new OperationMix { Namespace = 0, Data = 20, Attributes = 0, Handles = 0, Syncs = 0, Checkpoints = 0, MaxFileBytes = 120 * Block },
        Preparation = [.. PerFile(path => [new CreateOperation(path), .. Pieces(path)])],
        Script = [.. PerFile(path => [new TruncateOperation(path, 100)]), .. PerFile(path => [new AppendOperation(path, 50, 7)])],
    };

    /// <summary>Writes into blocks that were allocated and hold what another file left.</summary>
    public static FileWorkloadOptions Conversions(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation =
        [
            new CreateOperation("/junk"),
            .. Enumerable.Range(0, 8).Select(i => new WriteOperation("/junk", i * 8 * Block, 8 * Block, 100 + (ulong)i)),
            new UnlinkOperation("/junk"),
            new SyncVolumeOperation(),
            new CheckpointOperation(),
            new CreateOperation("/a"),
            new AllocateOperation("/a", AllocateMode.Allocate, 0, 60 * Block),
        ],
        Script = [.. Enumerable.Range(0, 30).Select(i => new WriteOperation("/a", (i * 2 * Block) + (i * 50), 3000, 200 + (ulong)i))],
    };

    /// <summary>Overwrites in place, whole blocks and parts of them, of a file that stays open: closing it would commit its
    /// time stamps, and fence.</summary>
    public static FileWorkloadOptions Overwrites(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation = [new CreateOperation("/a"), new WriteOperation("/a", 0, 12 * Block, 1), new OpenOperation("/a", 1)],
        Script = [.. Enumerable.Range(0, 60).Select(i => new WriteOperation(FileTarget.Opened(1), i * 700, i % 3 == 0 ? Block : 90, 300 + (ulong)i))],
    };

    /// <summary>Everything on files with checksums.</summary>
    public static FileWorkloadOptions PrivateFiles(FileWorkloadOptions usual) => usual with
    {
        Dax = DaxMode.Never,
        Mix = usual.Mix with { Data = 80, Namespace = 15, Checkpoints = 4 },
    };

    /// <summary>Blocks with checksums that are written again, whole and in part, and cut, punched and zeroed.</summary>
    public static FileWorkloadOptions PrivateOverwrites(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Dax = DaxMode.Never,
        Preparation = [new CreateOperation("/a"), new WriteOperation("/a", 0, 20 * Block, 1), new OpenOperation("/a", 1)],
        Script =
        [
            .. Enumerable.Range(0, 40).Select(i => new WriteOperation(FileTarget.Opened(1), i * 1900, i % 3 == 0 ? 2 * Block : 90, 300 + (ulong)i)),
            new AllocateOperation("/a", AllocateMode.PunchHole | AllocateMode.KeepSize, 5000, 3 * Block),
            new TruncateOperation("/a", (9 * Block) + 77),
            new WriteOperation("/a", 11 * Block, 500, 7),
            new AllocateOperation("/a", AllocateMode.ZeroRange, 3 * Block, 4 * Block),
            new WriteOperation("/a", (5 * Block) + 100, 300, 8),
        ],
    };

    /// <summary>Files of several owners that come, grow, are given away and go, on a volume that keeps usage.</summary>
    public static FileWorkloadOptions OwnersAtWork(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        CheckPercent = 100,
        Quotas = true,
        Script = [.. PerFile(path => OwnedFile(path, 0x1A4)), .. PerFile(path => OwnedFile(path, 0x1C7))],
    };

    /// <summary>Quotas are turned on and off while files come, are given away and go.</summary>
    public static FileWorkloadOptions QuotaSwitches(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        CheckPercent = 100,
        Quotas = false,
        Script =
        [
            .. Enumerable.Range(0, 12).SelectMany(i => (FileOperation[])
            [
                .. OwnedFile($"/f{i}", 0x1A4 + (uint)i)[..3],
                new SwitchQuotasOperation(On: i % 2 == 0),
                new AppendOperation($"/f{i}", 2 * Block, 11),
                new UnlinkOperation($"/f{i * 2 / 3}"),
            ]),
        ],
    };

    /// <summary>Small files that come and go.</summary>
    public static FileWorkloadOptions Unlinks(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation = [.. PerFile(path => [new CreateOperation(path), new AppendOperation(path, 3 * Block, 9)])],
        Script =
        [
            .. PerFile(path => [new UnlinkOperation(path)]),
            .. PerFile(path => [new CreateOperation(path), new AppendOperation(path, 2 * Block, 10), new UnlinkOperation(path)]),
        ],
    };

    /// <summary>Files that are cut in the middle of a word, and zeroed in place up to that end: a crash may undo the cut and leave the
    /// zeros.</summary>
    public static FileWorkloadOptions ZeroedEnds(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation = [new CreateOperation("/a"), new WriteOperation("/a", 0, 12 * Block, 1), new OpenOperation("/a", 1)],
        Script = [.. Enumerable.Range(1, 40).SelectMany(i => ZeroedEnd((12 * Block) - (i * 1001)))],
    };

    /// <summary>Overwrites in place, which leave no record, each behind a checkpoint that has nothing else to take.</summary>
    public static FileWorkloadOptions CheckpointsOfNothing(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation = [new CreateOperation("/a"), new WriteOperation("/a", 0, 12 * Block, 1), new OpenOperation("/a", 1)],
        Script = [.. Enumerable.Range(1, 20).SelectMany(i => new FileOperation[] { new WriteOperation(FileTarget.Opened(1), i * 700, 90, 400 + (ulong)i), new CheckpointOperation() })],
    };

    /// <summary>Writes into blocks that were made unwritten by zeroing their range, which a crash may undo.</summary>
    public static FileWorkloadOptions WritesIntoZeroedRanges(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation = [new CreateOperation("/a"), new WriteOperation("/a", 0, 12 * Block, 1)],
        Script =
        [
            new AllocateOperation("/a", AllocateMode.ZeroRange, 0, 12 * Block),
            .. Enumerable.Range(0, 12).Select(i => new WriteOperation("/a", (i * Block) + 101, 51, 500 + (ulong)i)),
        ],
    };

    /// <summary>Files that are cut in the middle of a word, and grow again by a write that begins in the middle of a later word of the
    /// same block: a crash may undo both and leave what was stored between.</summary>
    public static FileWorkloadOptions RegrownEnds(FileWorkloadOptions usual) => usual with
    {
        LogBytes = 0,
        Preparation = [new CreateOperation("/a"), new WriteOperation("/a", 0, 12 * Block, 1), new OpenOperation("/a", 1)],
        Script = [.. Enumerable.Range(1, 11).SelectMany(i => RegrownEnd(((12 - i) * Block) + 1003, i))],
    };

    private static FileOperation[] OwnedFile(string path, uint permissions) =>
    [
        new CreateOperation(path),
        new SetPermissionsOperation(path, permissions),
        new WriteOperation(path, 0, 3 * Block, 3),
        new SetPermissionsOperation(path, permissions + 1),
        new AppendOperation(path, 2 * Block, 4),
        new TruncateOperation(path, Block),
        new UnlinkOperation(path),
    ];

    private static IEnumerable<FileOperation> RegrownEnd(int end, int seed) =>
    [
        new TruncateOperation("/a", end),
        new WriteOperation("/a", end + 502, 61, 600 + (ulong)seed),
        new TruncateOperation("/a", end + 1001),
    ];

    private static IEnumerable<FileOperation> ZeroedEnd(int end) =>
    [
        new TruncateOperation("/a", end),
        new AllocateOperation("/a", AllocateMode.PunchHole | AllocateMode.KeepSize, end - 300, Block),
    ];

    private static IEnumerable<FileOperation> PerFile(Func<string, IEnumerable<FileOperation>> operations) =>
        Enumerable.Range(0, Files).SelectMany(i => operations($"/f{i}"));

    /// <summary>Every second block of a file.</summary>
    private static IEnumerable<FileOperation> Pieces(string path) =>
        Enumerable.Range(0, 60).Select(i => new WriteOperation(path, i * 2 * Block, 100, (ulong)i + 1));
}
