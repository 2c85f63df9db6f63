using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>All sequences of a few operations over a small alphabet: nothing that two or three operations can do to each
/// other is left to chance.</summary>
public static class OperationEnumerator
{
    /// <summary>The state that every sequence starts from: a file with data, one without, a directory with a file.</summary>
    public static IReadOnlyList<FileOperation> Preparation { get; } =
    [
        new CreateOperation("/a"),
        new WriteOperation("/a", 0, 6000, 1),
        new CreateOperation("/b"),
        new MakeDirectoryOperation("/d"),
        new CreateOperation("/d/a"),
        new AppendOperation("/d/a", 5000, 2),
        new SyncVolumeOperation(),
    ];

    /// <summary>One or more of each kind of change, on names that meet each other.</summary>
    public static IReadOnlyList<FileOperation> Alphabet { get; } =
    [
        new CreateOperation("/c"),
        new MakeDirectoryOperation("/c"),
        new MakeSymbolicLinkOperation("/s", "a"),
        new LinkOperation("/a", "/c"),
        new LinkOperation("/a", "/d/c"),
        new UnlinkOperation("/a"),
        new UnlinkOperation("/d/a"),
        new RemoveDirectoryOperation("/d"),
        new RenameOperation("/a", "/b"),
        new RenameOperation("/a", "/d/a"),
        new RenameOperation("/d", "/c"),
        new RenameOperation("/a", "/d/a", RenameFlags.Exchange),
        new RenameOperation("/a", "/c", RenameFlags.NoReplace),
        new OpenOperation("/a", 1),
        new CloseOperation(1),
        new WriteOperation("/a", 100, 50, 11),
        new WriteOperation("/a", 4096, 8192, 12),
        new WriteOperation("/b", 20000, 3000, 13),
        new AppendOperation("/a", 3000, 14),
        new AppendOperation("/b", 4096, 15),
        new TruncateOperation("/a", 1000),
        new TruncateOperation("/a", 0),
        new TruncateOperation("/a", 9001),
        new AllocateOperation("/a", AllocateMode.PunchHole | AllocateMode.KeepSize, 1000, 4000),
        new AllocateOperation("/b", AllocateMode.Allocate, 0, 9000),
        new AllocateOperation("/a", AllocateMode.ZeroRange, 0, 5000),
        new SetAttributeOperation("/a", "user.x", 40, 16),
        new RemoveAttributeOperation("/a", "user.x"),
        new SetPermissionsOperation("/a", 0x180),
        new SyncFileOperation("/a"),
        new SyncVolumeOperation(),
        new CheckpointOperation(),
    ];

    /// <summary>How many sequences of exactly this length there are.</summary>
    public static long Count(int length)
    {
        long count = 1;
        for (int i = 0; i < length; i++)
        {
            count *= Alphabet.Count;
        }

        return count;
    }

    /// <summary>The sequence with this number, in 0 to <see cref="Count"/> - 1.</summary>
    public static FileOperation[] Sequence(int length, long number)
    {
        FileOperation[] sequence = new FileOperation[length];
        for (int i = length - 1; i >= 0; i--)
        {
            sequence[i] = Alphabet[(int)(number % Alphabet.Count)];
            number /= Alphabet.Count;
        }

        return sequence;
    }
}
