namespace Adit.Metadata.Checking;

/// <summary>Collects findings: all are counted and told to the listener, the first ones are kept.</summary>
/// <param name="listener">Told each finding as it comes, or null.</param>
/// <param name="keepAtMost">How many are kept.</param>
public sealed class FindingLog(Action<Finding>? listener = null, int keepAtMost = 10_000)
{
    private readonly List<Finding> _kept = [];

    public long Count { get; private set; }

    /// <summary>Findings below the records of files: what only a rebuild mends. A superblock copy is mended by opening.</summary>
    public long StructuralCount { get; private set; }

    public IReadOnlyList<Finding> Kept => _kept;

    public void Add(FindingKind kind, string where, string expected, string found)
    {
        Finding finding = new(kind, where, expected, found);
        Count++;
        StructuralCount += kind is < FindingKind.RecordUnknown and not FindingKind.SuperblockCopy ? 1 : 0;
        if (_kept.Count < keepAtMost)
        {
            _kept.Add(finding);
        }

        listener?.Invoke(finding);
    }
}
