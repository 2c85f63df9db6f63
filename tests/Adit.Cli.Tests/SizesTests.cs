using Adit.Cli.Output;

namespace Adit.Cli.Tests;

public sealed class SizesTests
{
    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("4G", 4L << 30)]
    [InlineData("4g", 4L << 30)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("512MB", 512L << 20)]
    [InlineData("0", 0)]
    public void Size_in_words_is_understood(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1")]
    [InlineData("banana")]
    [InlineData("1e30P")]
    [InlineData("NaN")]
    [InlineData("9999999P")]
    public void Nonsense_is_no_size(string text) => Assert.False(Sizes.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.50 KiB")]
    [InlineData(1L << 30, "1.00 GiB")]
    [InlineData(1023L << 20, "1023 MiB")]
    public void Size_is_shown_with_three_digits(long bytes, string text) => Assert.Equal(text, Sizes.Format(bytes));
}
