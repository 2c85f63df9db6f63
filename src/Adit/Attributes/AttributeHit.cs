namespace Adit.Attributes;

/// <summary>What was found of a name among the extended attributes of an inode.</summary>
/// <param name="Exists">There is such an attribute.</param>
/// <param name="Offset">Its key's offset; where it would go when there is none.</param>
/// <param name="ValueLengthBytes">Length of its value.</param>
/// <param name="PieceCount">How many records hold the value beside its own.</param>
internal readonly record struct AttributeHit(bool Exists, ulong Offset, int ValueLengthBytes, int PieceCount)
{
    /// <summary>Where there is no such attribute: whether one can be added. False only when 256 names have the same hash.</summary>
    public bool HasRoom { get; init; }
}
