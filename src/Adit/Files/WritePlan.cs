using Adit.Metadata.Space;

namespace Adit.Files;

/// <summary>The runs of blocks that one transaction of a write or an allocation deals with, in order. One for each thread, used
/// again.</summary>
internal sealed class WritePlan
{
    /// <summary>More runs than this go into the next transaction: each is up to four operations of a large one.</summary>
    public const int MaxPieces = 30;

    /// <summary>Bytes of a record that one run may need, with all its operations.</summary>
    public const int RecordBytesPerPiece = 160;

    [ThreadStatic]
    private static WritePlan? _ofThread;

    private readonly WritePiece[] _pieces = new WritePiece[MaxPieces];

    private int _count;
    private int _limit;

    private WritePlan()
    {
    }

    /// <summary>The thread's plan, empty.</summary>
    /// <param name="recordBytes">What the record of a transaction holds.</param>
    public static WritePlan Empty(int recordBytes)
    {
        WritePlan plan = _ofThread ??= new WritePlan();
        plan._count = 0;
        plan._limit = Math.Min(MaxPieces, PiecesOf(recordBytes));
        return plan;
    }

    /// <summary>How many runs, or extents to be moved, the record of a transaction takes beside an inode's.</summary>
    public static int PiecesOf(int recordBytes) => (recordBytes - 512) / RecordBytesPerPiece;

    public ReadOnlySpan<WritePiece> Pieces => _pieces.AsSpan(0, _count);

    public bool IsFull => _count == _limit;

    public bool Has(WritePieceKind kind)
    {
        foreach (WritePiece piece in Pieces)
        {
            if (piece.Kind == kind)
            {
                return true;
            }
        }

        return false;
    }

    public bool IsAll(WritePieceKind kind)
    {
        foreach (WritePiece piece in Pieces)
        {
            if (piece.Kind != kind)
            {
                return false;
            }
        }

        return true;
    }

    public void Add(WritePiece piece) => _pieces[_count++] = piece;

    /// <summary>Gives back what was reserved and will not be taken.</summary>
    public void ReturnReserved(SpaceAllocator space)
    {
        foreach (WritePiece piece in Pieces)
        {
            if (piece.Kind is WritePieceKind.Reserved or WritePieceKind.Replacing)
            {
                space.Return(piece.Blocks);
            }
        }

        _count = 0;
    }
}
