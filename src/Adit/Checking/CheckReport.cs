using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>What a check came to.</summary>
public sealed record CheckReport
{
    /// <summary>The first findings; see <see cref="FindingCount"/>.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    public required long FindingCount { get; init; }

    public required long InodeCount { get; init; }

    public required long DirectoryCount { get; init; }

    public required long EntryCount { get; init; }

    public required long ExtentCount { get; init; }

    /// <summary>Blocks that files own.</summary>
    public required long DataBlocks { get; init; }

    /// <summary>Blocks whose bytes were read and compared with their checksums.</summary>
    public long VerifiedBlocks { get; init; }

    /// <summary>As the superblock counts them.</summary>
    public required long FreeBlocks { get; init; }

    /// <summary>Parts of the tree could not be read: what they held was not checked.</summary>
    public required bool HasLoss { get; init; }

    /// <summary>Findings that concern the store itself, not the records of files in it.</summary>
    public required long StructuralCount { get; init; }

    /// <summary>Nothing is wrong.</summary>
    public bool IsSound => FindingCount == 0;
}
