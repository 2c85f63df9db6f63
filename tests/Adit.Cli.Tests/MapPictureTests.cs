using Adit.Cli.Maps;

namespace Adit.Cli.Tests;

public sealed class MapPictureTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(512)]
    [InlineData(2_000)]
    [InlineData(20_000)]
    [InlineData(500_000)]
    [InlineData(8_000_000)]
    public void Grid_has_a_cell_for_each_chunk_and_fits(int chunks)
    {
        var grid = CellGrid.For(chunks, 1216, 760);

        Assert.True((long)grid.Columns * grid.Rows * grid.ChunksPerCell >= chunks);
        Assert.True(grid.Columns * (grid.CellWidth + grid.Gap) - grid.Gap <= 1216);
        Assert.InRange(grid.PixelHeight, 1, 760);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(512)]
    [InlineData(8_000)]
    [InlineData(100_000)]
    public void Picture_shows_every_kind_that_is_there(int chunks)
    {
        var map = SampleMap.Make(chunks);
        var canvas = MapPicture.Draw(map);

        foreach (var kind in Enum.GetValues<ChunkKind>())
        {
            Assert.True(HasColor(canvas, MapColors.Of(kind)), $"no {kind} in a picture of {chunks} chunks");
        }
    }

    [Fact]
    public void Text_without_colours_has_a_letter_for_each_kind()
    {
        using var writer = new StringWriter();
        var console = Spectre.Console.AnsiConsole.Create(new Spectre.Console.AnsiConsoleSettings
        {
            Ansi = Spectre.Console.AnsiSupport.No,
            Out = new Spectre.Console.AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 80;
        console.Write(MapText.Make(SampleMap.Make(300), 80, hasColors: false));

        foreach (var kind in Enum.GetValues<ChunkKind>())
        {
            Assert.Contains(MapColors.Letter(kind).ToString(), writer.ToString(), StringComparison.Ordinal);
        }
    }

    private static bool HasColor(Canvas canvas, Rgb color)
    {
        for (var offset = 0; offset < canvas.Pixels.Length; offset += 3)
        {
            if (canvas.Pixels[offset] == color.Red && canvas.Pixels[offset + 1] == color.Green && canvas.Pixels[offset + 2] == color.Blue)
            {
                return true;
            }
        }

        return false;
    }
}
