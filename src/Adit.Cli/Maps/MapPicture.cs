using System.Globalization;
using Adit.Cli.Output;

namespace Adit.Cli.Maps;

/// <summary>Draws a map as a picture: title, a bar of all bytes, the legend, a cell for each chunk with a dot for each block,
/// and how long the runs of free space are.</summary>
internal sealed class MapPicture
{
    private const int Margin = 29;
    private const int PictureWidth = 1280;
    private const int InnerWidth = PictureWidth - (2 * Margin);
    private const int MaxGridHeight = 760;
    private const int TitleTop = 28;
    private const int BarTop = 104;
    private const int BarHeight = 26;
    private const int LegendTop = BarTop + BarHeight + 18;
    private const int LegendRowHeight = 26;
    private const int GridTop = LegendTop + (2 * LegendRowHeight) + 44;
    private const int HistogramHeight = 150;

    private readonly VolumeMap _map;
    private readonly CellGrid _grid;
    private readonly Canvas _canvas;

    private MapPicture(VolumeMap map)
    {
        _map = map;
        _grid = CellGrid.For(map.ChunkCount, InnerWidth, MaxGridHeight);
        _canvas = new Canvas(PictureWidth, GridTop + _grid.PixelHeight + 60 + HistogramHeight + 76, MapColors.Background);
    }

    public static Canvas Draw(VolumeMap map)
    {
        var picture = new MapPicture(map);
        picture.DrawTitle();
        picture.DrawBar();
        picture.DrawLegend();
        picture.DrawCells();
        picture.DrawFragmentation();
        return picture._canvas;
    }

    private void DrawTitle()
    {
        var file = Path.GetFileName(_map.Name);
        var title = _map.Label.Length == 0 ? file : $"{_map.Label}";
        var x = Margin + _canvas.Text(Margin, TitleTop, "ADIT", MapColors.Of(ChunkKind.Huge), 4) + 12;
        _canvas.Text(x, TitleTop, Shorten(title, 36), MapColors.Heading, 4);
        var totals = _map.Totals;
        var used = totals.Huge + totals.Small;
        _canvas.Text(
            Margin,
            TitleTop + 44,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Shorten(file, 30)} - {Sizes.Format(_map.SizeBytes)} on {_map.Medium} - {Sizes.Format(used)} of data in {totals.Files:n0} files, {totals.Extents:n0} extents"),
            MapColors.Caption);
    }

    private void DrawBar()
    {
        _canvas.Fill(Margin, BarTop, InnerWidth, BarHeight, MapColors.Of(ChunkKind.Free));
        var legend = MapColors.Legend(_map);
        var all = Math.Max(1, legend.Sum(entry => entry.Bytes));
        long before = 0;
        foreach (var entry in legend)
        {
            var left = (int)(before * InnerWidth / all);
            before += entry.Bytes;
            var right = (int)(before * InnerWidth / all);

            // What is there at all is seen.
            _canvas.Fill(Margin + left, BarTop, Math.Max(entry.Bytes > 0 ? 2 : 0, right - left), BarHeight, MapColors.Of(entry.Kind));
        }
    }

    private void DrawLegend()
    {
        var legend = MapColors.Legend(_map);
        var all = legend.Sum(entry => entry.Bytes);
        for (var index = 0; index < legend.Count; index++)
        {
            var x = Margin + (index % 3 * (InnerWidth / 3));
            var y = LegendTop + (index / 3 * LegendRowHeight);
            _canvas.Fill(x, y, 24, 14, MapColors.Of(legend[index].Kind));
            _canvas.Frame(x, y, 24, 14, Rgb.Mix(MapColors.Of(legend[index].Kind), MapColors.Heading, 0.35));
            _canvas.Text(x + 34, y, legend[index].Text(all), MapColors.Heading);
        }
    }

    private void DrawCells()
    {
        var isDotted = _map.Bits.Length > 0 && _grid.CellWidth >= 8;
        var caption = _grid.ChunksPerCell > 1
            ? $"each dot: {_grid.ChunksPerCell} chunks of 2 MiB"
            : isDotted && _grid.CellWidth >= 32 ? "each cell: a chunk of 2 MiB; each dot in it: a block of 4 KiB"
            : isDotted ? $"each cell: a chunk of 2 MiB; each dot in it: {512 / (_grid.CellWidth * _grid.CellHeight)} blocks of 4 KiB"
            : "each cell: a chunk of 2 MiB, brighter the fuller it is";
        _canvas.Text(Margin, GridTop - 24, caption, MapColors.Caption);
        var cells = (_map.ChunkCount + _grid.ChunksPerCell - 1) / _grid.ChunksPerCell;
        for (var cell = 0; cell < cells; cell++)
        {
            var x = Margin + (cell % _grid.Columns * (_grid.CellWidth + _grid.Gap));
            var y = GridTop + (cell / _grid.Columns * (_grid.CellHeight + _grid.Gap));
            if (isDotted)
            {
                DrawBlocks(cell, x, y);
            }
            else
            {
                _canvas.Fill(x, y, _grid.CellWidth, _grid.CellHeight, ColorOfChunks(cell * _grid.ChunksPerCell));
            }
        }
    }

    /// <summary>A chunk with a dot for each block, or for each few.</summary>
    private void DrawBlocks(int chunk, int x, int y)
    {
        var kind = _map.KindOf(chunk);
        var taken = MapColors.Of(kind);
        var free = MapColors.Of(ChunkKind.Free);
        if (kind is ChunkKind.Huge or ChunkKind.Nodes || _map.TakenOf(chunk) is 0 or 512)
        {
            var color = _map.TakenOf(chunk) == 0 ? free : taken;
            _canvas.Fill(x, y, _grid.CellWidth, _grid.CellHeight, color);
            if (_grid.CellWidth >= 16 && kind == ChunkKind.Huge)
            {
                _canvas.Frame(x, y, _grid.CellWidth, _grid.CellHeight, Rgb.Mix(color, MapColors.Heading, 0.5));
            }

            return;
        }

        var dot = Math.Max(1, _grid.CellWidth / 32);
        var columns = _grid.CellWidth / dot;
        var blocksPerDot = 512 / (columns * (_grid.CellHeight / dot));
        for (var index = 0; index < 512 / blocksPerDot; index++)
        {
            var count = 0;
            for (var block = index * blocksPerDot; block < (index + 1) * blocksPerDot; block++)
            {
                count += (_map.Bits[(chunk * 64) + (block >> 3)] >> (block & 7)) & 1;
            }

            _canvas.Fill(x + (index % columns * dot), y + (index / columns * dot), dot, dot, Rgb.Mix(free, taken, (double)count / blocksPerDot));
        }
    }

    /// <summary>The mix of the colours of a few chunks, each as strong as it is full.</summary>
    private Rgb ColorOfChunks(int first)
    {
        var end = Math.Min(first + _grid.ChunksPerCell, _map.ChunkCount);
        double red = 0, green = 0, blue = 0;
        for (var chunk = first; chunk < end; chunk++)
        {
            var color = Rgb.Mix(MapColors.Of(ChunkKind.Free), MapColors.Of(_map.KindOf(chunk)), _map.TakenOf(chunk) == 0 ? 0 : 0.3 + (0.7 * _map.TakenOf(chunk) / 512));
            red += color.Red;
            green += color.Green;
            blue += color.Blue;
        }

        var count = end - first;
        return new Rgb((byte)(red / count), (byte)(green / count), (byte)(blue / count));
    }

    private void DrawFragmentation()
    {
        var top = GridTop + _grid.PixelHeight + 36;
        var totals = _map.Totals;
        _canvas.Text(Margin, top, "free space by length of run", MapColors.Heading);
        var whole = totals.Free == 0 ? "none is free" : $"{Sizes.Percent((double)totals.FreeWholeChunks / totals.Free)} of it in whole free chunks, ready for huge pages";
        _canvas.Text(PictureWidth - Margin - Canvas.TextWidth(whole), top, whole, MapColors.Caption);

        var data = totals.Huge + totals.Small;
        var huge = data == 0 ? "no data" : $"{Sizes.Percent((double)totals.Huge / data)} of the data can be mapped by huge pages";
        _canvas.Text(PictureWidth - Margin - Canvas.TextWidth(huge), top + 20, huge, MapColors.Caption);

        var chartTop = top + 50;
        var baseLine = chartTop + HistogramHeight - 30;
        var most = Math.Max(1, _map.FreeBytesByRun.Max());
        var step = InnerWidth / _map.FreeBytesByRun.Length;
        for (var index = 0; index < _map.FreeBytesByRun.Length; index++)
        {
            var bytes = _map.FreeBytesByRun[index];
            var x = Margin + (index * step);
            _canvas.Fill(x, chartTop, step - 12, baseLine - chartTop, MapColors.Panel);
            var height = bytes == 0 ? 0 : Math.Max(2, (int)(bytes * (baseLine - chartTop) / most));
            var share = (double)index / (_map.FreeBytesByRun.Length - 1);
            _canvas.Fill(x, baseLine - height, step - 12, height, Rgb.Mix(Rgb.Of(0xE5534B), MapColors.Of(ChunkKind.Huge), share));
            _canvas.Text(x, baseLine + 8, index == _map.FreeBytesByRun.Length - 1 ? "2M" : RunName(index), MapColors.Caption);
            if (bytes > 0)
            {
                var text = Sizes.Format(bytes).Replace("iB", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
                var isInside = height > baseLine - chartTop - 22;
                _canvas.Text(x + 6, isInside ? baseLine - height + 6 : baseLine - height - 20, text, isInside ? MapColors.Background : MapColors.Heading);
            }
        }
    }

    private static string RunName(int index) => (4 << index) >= 1024
        ? string.Create(CultureInfo.InvariantCulture, $"{(4 << index) >> 10}M+")
        : string.Create(CultureInfo.InvariantCulture, $"{4 << index}K+");

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..(length - 2)] + "..";
}
