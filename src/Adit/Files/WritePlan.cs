using Adit.Metadata.Space;

namespace Adit.Files;

/// <summary>The runs of blocks that one transaction of a write or an allocation deals with, in order. One for each thread, used
/// again.</summary>
internal sealed class WritePlan
{
    /// <summary>More runs than this go into the next transaction: each is up to four operations of a large one.</summary>
    public const int MaxPieces = 30;

    [ThreadStatic]
    private static WritePlan? _ofThread;

    private readonly WritePiece[] _pieces = new WritePiece[MaxPieces];

    private int _count;

    private WritePlan()
    {
    }

    /// <summary>The thread's plan, empty.</summary>
    public static WritePlan Empty
    {
        get
        {
            WritePlan plan = _ofThread ??= new WritePlan();
            plan._count = 0;
            return plan;
        }
    }

    public ReadOnlySpan<WritePiece> Pieces => _pieces.AsSpan(0, _count);

    public bool IsFull => _count == MaxPieces;

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
            if (piece.Kind == WritePieceKind.Reserved)
            {
                space.Return(piece.Blocks);
            }
        }

        _count = 0;
    }
}
