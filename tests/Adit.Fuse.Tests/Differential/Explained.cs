using System.Globalization;

namespace Adit.Fuse.Tests.Differential;

/// <summary>Differences from ext4 that are meant or that FUSE leaves no way around; each is in <c>docs/COMPATIBILITY.md</c>.</summary>
internal static class Explained
{
    private static readonly (string Expected, string Found)[] All =
    [
        // O_DIRECT of unaligned pieces works here.
        ("open-flags: pread 4 at 0 = EINVAL ", "open-flags: pread 4 at 0 = 4 30313233"),

        // The kernel lets a FUSE file be as long as an offset goes.
        ("lseek 9223372036854775807 0 = EINVAL", "lseek 9223372036854775807 0 = 9223372036854775807"),
        ("lseek 1 1 = 17", "lseek 1 1 = EINVAL"),

        // FUSE does not pass these on.
        ("fallocate 8 4096 4096 = 0", "fallocate 8 4096 4096 = ENOTSUP"),
        ("fallocate 20 4096 4096 = 0", "fallocate 20 4096 4096 = ENOTSUP"),
        ("pwritev2 80 = 3", "pwritev2 80 = ENOTSUP"),
    ];

    public static bool Has(string expected, string found) =>
        IsBlockOfExtentTree(expected, found)
        || Array.Exists(All, pair => expected.EndsWith(pair.Expected, StringComparison.Ordinal) && found.EndsWith(pair.Found, StringComparison.Ordinal));

    /// <summary>ext4 counts the block that a file's tree of extents takes when there are more than four, which preallocated blocks that were written to make until
    /// they are written back: sometimes, therefore.</summary>
    private static bool IsBlockOfExtentTree(string expected, string found)
    {
        const string Word = " blocks ";
        const int Sectors = 8;
        int at = expected.IndexOf(Word, StringComparison.Ordinal) + Word.Length;
        int end = expected.IndexOf(' ', at);
        return expected.StartsWith("fallocate: fstat ", StringComparison.Ordinal) && at >= Word.Length && end > at
            && long.TryParse(expected[at..end], out long blocks)
            && found == string.Create(CultureInfo.InvariantCulture, $"{expected[..at]}{blocks - Sectors}{expected[end..]}");
    }
}
