using Adit.Format;
using Adit.Media;
using Adit.Metadata.Logging;
using Adit.Metadata.Space;
using Adit.Metadata.Superblocks;

namespace Adit.Metadata.Checking;

/// <summary>Proves what the store keeps, whatever the records mean: superblocks, log, node map, nodes, and that every block
/// has one owner in extents, space lines and reverse map alike.</summary>
/// <remarks>
/// <para>It reads the medium, not a store: nobody changes the volume meanwhile, and records still in the log are not part of what
/// is checked (see <see cref="TryRecover"/>). Memory: three bits and a byte per 512 blocks, as far as touched.</para>
/// <para>One thread. Damage never throws; it is a finding.</para>
/// </remarks>
public sealed partial class StructureChecker : IDisposable
{
    private readonly Medium _medium;
    private readonly FindingLog _findings;
    private readonly IProgress<CheckProgress>? _progress;
    private Superblock _superblock;
    private VolumeLayout _layout;
    private PublishedTree? _tree;
    private BlockSet? _taken;
    private BlockSet? _owned;
    private BlockSet? _shared;

    /// <summary>By chunk: 0 without a line, else its use and 1.</summary>
    private NativeTable<byte>? _uses;

    public StructureChecker(Medium medium, FindingLog findings, IProgress<CheckProgress>? progress = null)
    {
        _medium = medium;
        _findings = findings;
        _progress = progress;
    }

    /// <summary>The superblock that counts; after a successful <see cref="ReadFixedParts"/>.</summary>
    public Superblock Superblock => _superblock;

    /// <summary>Transactions in the log behind the published tree.</summary>
    public long LoggedTransactions { get; private set; }

    /// <summary>Some nodes cannot be read: what lay in them is unknown, and so is who owns some blocks.</summary>
    public bool HasLoss => _tree is { HasLoss: true };

    /// <summary>Extents that lie inside the volume.</summary>
    public long ExtentCount { get; private set; }

    /// <summary>Blocks that extents own.</summary>
    public long DataBlocks => _owned?.CountIn(0, _superblock.VolumeBlocks) ?? 0;

    internal PublishedTree Tree => _tree ?? throw new InvalidOperationException("The tree has not been checked.");

    internal VolumeLayout Layout => _layout;

    internal BlockSet Owned => _owned!;

    /// <summary>Applies the log as an opening does, when nothing is wrong with the tree it applies to.</summary>
    /// <remarks>On a medium opened read-only that happens in private memory; elsewhere it is what any opening would do.</remarks>
    /// <returns>False when the volume cannot be opened; then the finding says why.</returns>
    public static bool TryRecover(Medium medium, FindingLog findings)
    {
        try
        {
            MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false }).Dispose();
            return true;
        }
        catch (Exception refusal) when (refusal is VolumeException or MediumException)
        {
            findings.Add(FindingKind.LogNotApplied, "the log", "records that can be applied", refusal.Message);
            return false;
        }
    }

    /// <summary>Superblocks, layout and log.</summary>
    /// <returns>False when nothing else can be found without them.</returns>
    public bool ReadFixedParts()
    {
        SuperblockPair pair = new(_medium, BrokenVariant.None);
        if (!pair.TryLoad())
        {
            _findings.Add(FindingKind.SuperblockMissing, "blocks 0 and 511", "a valid superblock", "none");
            return false;
        }

        _superblock = pair.Current;
        if (pair.CopiesDiffered)
        {
            _findings.Add(FindingKind.SuperblockCopy, "blocks 0 and 511", "two equal valid copies", "one, or an older one");
        }

        try
        {
            SuperblockCheck.Check(_medium, _superblock, isReadOnly: true);
        }
        catch (VolumeException refusal)
        {
            _findings.Add(FindingKind.SuperblockUnfit, "the superblock", "one for this medium and this version", refusal.Message);
            return false;
        }

        _layout = new VolumeLayout(
            _superblock.VolumeBlocks, _superblock.NodeMapStart, _superblock.NodeMapBlocks, _superblock.LogStart, _superblock.LogBlocks, _superblock.FirstUsableChunk);
        ReadLog();
        return true;
    }

    /// <summary>Everything else; each record is shown to the visitor, in order.</summary>
    public void CheckTree(IRecordVisitor? visitor = null)
    {
        ReleaseTree();
        _tree = new PublishedTree(_medium, _superblock, _findings, done => Report("tree", done, _superblock.NodeCount));
        _taken = new BlockSet(_superblock.VolumeBlocks);
        _owned = new BlockSet(_superblock.VolumeBlocks);
        _shared = new BlockSet(_superblock.VolumeBlocks);
        _uses = new NativeTable<byte>(_layout.ChunkCount);
        RecordCheck records = new(this, visitor);
        _tree.Prove(records);
        ExtentCount = records.ExtentCount;
        CheckReverseComplete(records);
        CheckNodeMap();
        CheckSpace();
    }

    /// <summary>Walks the records again; only proven nodes are read.</summary>
    public void Walk(IRecordVisitor visitor) => Tree.Walk(visitor);

    /// <summary>Finds a record; the value is valid as long as the medium does not change.</summary>
    public Lookup TryGet(TreeKey key, out ReadOnlySpan<byte> value) => Tree.TryGet(key, out value);

    public void Dispose() => ReleaseTree();

    private void ReleaseTree()
    {
        _tree?.Dispose();
        _taken?.Dispose();
        _owned?.Dispose();
        _shared?.Dispose();
        _uses?.Dispose();
    }

    private void Report(string phase, long done, long total)
    {
        if ((done & 255) == 0)
        {
            _progress?.Report(new CheckProgress(phase, done, Math.Max(done, total)));
        }
    }

    private void ReadLog()
    {
        LogReader reader = new(_medium, _layout, _superblock, BrokenVariant.None);
        while (reader.TryRead(out LogRecordHeader header, out ReadOnlySpan<byte> bytes))
        {
            LoggedTransactions++;
            try
            {
                OperationReader operations = new(bytes, header.OperationCount);
                while (operations.MoveNext())
                {
                }
            }
            catch (VolumeException damage)
            {
                _findings.Add(FindingKind.LogOperation, $"log record {header.Sequence}", "operations of this version", damage.Message);
            }
        }
    }
}
