using Adit.TestKit.Model;
using Adit.TestKit.Simulation;

namespace Adit.Metadata.Tests.Crash;

public sealed unsafe class SimulatedMediumTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly SimulatedMedium _medium = new(Size, DurabilityModel.CacheLine, seed: 1) { EvictionsPerThousand = 0 };
    private readonly CrashState _state = new();

    public void Dispose() => _medium.Dispose();

    [Fact]
    public void Fence_after_a_write_leaves_nothing_undecided()
    {
        _medium.Write(4096, Pattern.Make(200, 1));
        _medium.Capture(_state);
        Assert.Equal([64, 65, 66, 67], _state.Lines);
        Assert.All(_state.IsPending, Assert.True);

        _medium.Fence();
        _medium.Capture(_state);
        Assert.True(_state.IsDecided);
    }

    [Fact]
    public void Store_without_a_mark_stays_undecided_whatever_is_fenced()
    {
        _medium.Start[70000] = 1;
        _medium.Fence();
        _medium.Capture(_state);
        Assert.Equal([70000 / 64], _state.Lines);
        Assert.False(_state.IsPending[0]);
    }

    [Fact]
    public void Store_after_a_mark_is_not_covered_by_the_fence()
    {
        _medium.Start[128] = 1;
        _medium.MarkStored(128, 1);
        _medium.Start[128] = 2;
        _medium.Fence();

        Assert.Equal(1, Image(new ImageChoice(ImageMode.AllOld))[128]);
        Assert.Equal(2, Image(new ImageChoice(ImageMode.AllNew))[128]);
    }

    [Fact]
    public void Images_of_two_lines_are_all_four()
    {
        _medium.Write(0, [1]);
        _medium.Write(64, [2]);
        HashSet<(byte, byte)> seen = [];
        for (int bits = 0; bits < 4; bits++)
        {
            byte[] image = Image(new ImageChoice(ImageMode.Exhaustive, bits));
            seen.Add((image[0], image[64]));
        }

        Assert.Equal(4, seen.Count);
    }

    [Fact]
    public void Torn_line_mixes_words_and_never_parts_of_them()
    {
        byte[] bytes = Pattern.Make(64, 7);
        _medium.Write(0, bytes);
        bool mixed = false;
        for (int seed = 0; seed < 50; seed++)
        {
            byte[] image = Image(new ImageChoice(ImageMode.AllOld, Torn: 1), seed);
            int news = 0;
            for (int word = 0; word < 64; word += 8)
            {
                ulong found = BitConverter.ToUInt64(image, word);
                Assert.True(found == 0 || found == BitConverter.ToUInt64(bytes, word));
                news += found == 0 ? 0 : 1;
            }

            mixed |= news is > 0 and < 8;
        }

        Assert.True(mixed);
    }

    [Fact]
    public void Page_model_keeps_the_lines_of_a_page_together()
    {
        using SimulatedMedium medium = new(Size, DurabilityModel.Page, seed: 1) { EvictionsPerThousand = 0 };
        using SimulatedMedium image = medium.MakeImageMedium(1);
        medium.Write(4096, Pattern.Make(8192, 3));
        medium.Capture(_state);
        Assert.Equal(2, medium.UnitCount(_state));
        medium.MakeImage(_state, new ImageChoice(ImageMode.OnlyOne, 1), image, mayCrash: false, seed: 1);
        Assert.False(image.Span(4096, 4096).ContainsAnyExcept((byte)0));
        Assert.True(image.Span(8192, 4096).SequenceEqual(Pattern.Make(8192, 3).AsSpan(4096)));
    }

    [Fact]
    public void Image_of_an_image_knows_what_persisted_while_it_was_recovered()
    {
        _medium.Write(0, [1]);
        _medium.Fence();
        _medium.Write(64, [2]);
        _medium.Capture(_state);
        using SimulatedMedium image = _medium.MakeImageMedium(1);
        using SimulatedMedium second = _medium.MakeImageMedium(2);
        _medium.MakeImage(_state, new ImageChoice(ImageMode.AllNew), image, mayCrash: true, seed: 1);
        image.EvictionsPerThousand = 0;
        image.Write(128, [3]);
        image.Fence();
        image.Write(192, [4]);

        CrashState nested = new();
        image.Capture(nested);
        Assert.Equal([3], nested.Lines);
        image.MakeImage(nested, new ImageChoice(ImageMode.AllOld), second, mayCrash: false, seed: 1);
        Assert.Equal([1, 2, 3, 0], new byte[] { second.Start[0], second.Start[64], second.Start[128], second.Start[192] });

        _medium.MakeImage(_state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, seed: 1);
        Assert.Equal([1, 0, 0, 0], new byte[] { image.Start[0], image.Start[64], image.Start[128], image.Start[192] });
    }

    [Fact]
    public void Evicted_line_does_not_go_back_to_what_was_marked_before()
    {
        _medium.Write(0, [1]);
        _medium.Write(0, [2]);
        _medium.Capture(_state);
        _medium.EvictSome(_state, 1);
        Assert.Equal(2, Image(new ImageChoice(ImageMode.AllOld))[0]);
        _medium.Fence();
        Assert.Equal(2, Image(new ImageChoice(ImageMode.AllOld))[0]);
    }

    private byte[] Image(ImageChoice choice, int seed = 1)
    {
        _medium.Capture(_state);
        using SimulatedMedium image = _medium.MakeImageMedium(seed);
        _medium.MakeImage(_state, choice, image, mayCrash: false, seed);
        return image.Span(0, 4096).ToArray();
    }
}
