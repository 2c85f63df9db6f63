namespace Adit.Cli.Maps;

/// <summary>A picture in memory, three bytes a pixel, row by row. Drawing outside has no effect.</summary>
internal sealed class Canvas
{
    public Canvas(int width, int height, Rgb background)
    {
        Width = width;
        Height = height;
        Pixels = new byte[width * height * 3];
        Fill(0, 0, width, height, background);
    }

    public int Width { get; }

    public int Height { get; }

    public byte[] Pixels { get; }

    public void Fill(int x, int y, int width, int height, Rgb color)
    {
        var right = Math.Min(x + width, Width);
        var bottom = Math.Min(y + height, Height);
        for (var row = Math.Max(y, 0); row < bottom; row++)
        {
            for (var column = Math.Max(x, 0); column < right; column++)
            {
                var offset = ((row * Width) + column) * 3;
                Pixels[offset] = color.Red;
                Pixels[offset + 1] = color.Green;
                Pixels[offset + 2] = color.Blue;
            }
        }
    }

    /// <summary>A frame of one pixel.</summary>
    public void Frame(int x, int y, int width, int height, Rgb color)
    {
        Fill(x, y, width, 1, color);
        Fill(x, y + height - 1, width, 1, color);
        Fill(x, y, 1, height, color);
        Fill(x + width - 1, y, 1, height, color);
    }

    /// <summary>Writes text whose upper left corner is at a place.</summary>
    /// <param name="scale">Pixels for one dot of the font.</param>
    /// <returns>The width it took.</returns>
    public int Text(int x, int y, string text, Rgb color, int scale = 2)
    {
        var column = x;
        foreach (var letter in text)
        {
            var glyph = BitmapFont.Rows(letter);
            for (var row = 0; row < BitmapFont.Height; row++)
            {
                for (var dot = 0; dot < BitmapFont.Width; dot++)
                {
                    if ((glyph[row] & (0x10 >> dot)) != 0)
                    {
                        Fill(column + (dot * scale), y + (row * scale), scale, scale, color);
                    }
                }
            }

            column += (BitmapFont.Width + 1) * scale;
        }

        return column - x;
    }

    public static int TextWidth(string text, int scale = 2) => text.Length * (BitmapFont.Width + 1) * scale;
}
