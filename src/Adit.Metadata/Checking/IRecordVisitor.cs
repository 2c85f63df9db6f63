using Adit.Format;

namespace Adit.Metadata.Checking;

/// <summary>Sees the records of a tree in the order of their keys.</summary>
public interface IRecordVisitor
{
    /// <param name="key">The record's key.</param>
    /// <param name="value">Valid during the call.</param>
    void Visit(TreeKey key, ReadOnlySpan<byte> value);

    /// <summary>Records between two keys cannot be read, if there were any.</summary>
    /// <param name="from">The first such key.</param>
    /// <param name="to">The first key behind them, or the largest of all.</param>
    void VisitLost(TreeKey from, TreeKey to);
}
