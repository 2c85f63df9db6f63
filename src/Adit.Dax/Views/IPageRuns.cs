namespace Adit.Dax.Views;

/// <summary>Takes what a <see cref="PageScanner"/> finds.</summary>
internal interface IPageRuns
{
    /// <param name="firstPage">In pages of 4 KiB from the start of what was scanned.</param>
    /// <param name="pageCount">How many follow each other.</param>
    void Add(long firstPage, long pageCount);
}
