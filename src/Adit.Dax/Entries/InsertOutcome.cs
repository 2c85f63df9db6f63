namespace Adit.Dax.Entries;

internal enum InsertOutcome
{
    Inserted,

    /// <summary>There is an entry in the way, of either size.</summary>
    Occupied,

    /// <summary>A node is missing: see <see cref="NodeSpares"/>.</summary>
    NeedsNode,
}
