namespace Adit.Cli.Maps;

/// <summary>How the chunks of a volume are laid out as cells of a picture: the largest cells that fit.</summary>
/// <param name="CellWidth">In pixels; the height is half of it, so that the 512 blocks of a chunk are 32 by 16.</param>
/// <param name="Gap">Pixels between cells.</param>
/// <param name="Columns">Cells in a row.</param>
/// <param name="Rows">Rows.</param>
/// <param name="ChunksPerCell">1, or more for a volume of more chunks than there is room for cells.</param>
internal readonly record struct CellGrid(int CellWidth, int Gap, int Columns, int Rows, int ChunksPerCell)
{
    private static readonly (int Width, int Gap)[] CellSizes = [(64, 4), (32, 2), (16, 2), (8, 1), (4, 1), (2, 0)];

    public int CellHeight => CellWidth / 2;

    public int PixelHeight => (Rows * (CellHeight + Gap)) - Gap;

    public static CellGrid For(int chunkCount, int width, int maxHeight)
    {
        foreach (var (cellWidth, gap) in CellSizes)
        {
            var columns = (width + gap) / (cellWidth + gap);
            var rows = (chunkCount + columns - 1) / columns;
            if (rows * ((cellWidth / 2) + gap) <= maxHeight)
            {
                return new CellGrid(cellWidth, gap, columns, rows, 1);
            }
        }

        var (smallest, noGap) = CellSizes[^1];
        var columnCount = width / smallest;
        var rowCount = maxHeight / (smallest / 2);
        var perCell = (int)(((long)chunkCount + ((long)columnCount * rowCount) - 1) / ((long)columnCount * rowCount));
        var cells = (chunkCount + perCell - 1) / perCell;
        return new CellGrid(smallest, noGap, columnCount, (cells + columnCount - 1) / columnCount, perCell);
    }
}
