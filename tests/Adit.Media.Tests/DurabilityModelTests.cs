using System.Buffers.Binary;
using System.Diagnostics;
using Adit.TestKit.Simulation;
using Xunit.Abstractions;

namespace Adit.Media.Tests;

/// <summary>What the simulated medium promises, shown by small programs: each right one survives every image of every
/// moment, and its control, with one thing left out, is caught.</summary>
public sealed unsafe class DurabilityModelTests(ITestOutputHelper output)
{
    private const int Data = 0;
    private const int Flag = 8192;

    public static TheoryData<DurabilityModel> Models => new() { DurabilityModel.CacheLine, DurabilityModel.Page };

    [Theory]
    [MemberData(nameof(Models))]
    public void Fence_between_data_and_flag_keeps_their_order(DurabilityModel model)
    {
        Verdict right = Run(isFenced: true);
        Assert.Equal(0, right.Violations);
        Assert.True(right.Undecided > 0, "no image had anything undecided: inconclusive");

        Assert.NotEqual(0, Run(isFenced: false).Violations);

        Verdict Run(bool isFenced) => Judge(
            model,
            medium =>
            {
                medium.Write(Data, [7]);
                if (isFenced)
                {
                    medium.Fence();
                }

                medium.Write(Flag, [1]);
                medium.Fence();
            },
            (image, _) => image.Start[Flag] == 0 || image.Start[Data] == 7);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Marked_and_fenced_stores_are_in_every_image(DurabilityModel model)
    {
        Assert.Equal(0, Run(isMarked: true, isFenced: true).Violations);
        Assert.NotEqual(0, Run(isMarked: false, isFenced: true).Violations);
        Assert.NotEqual(0, Run(isMarked: true, isFenced: false).Violations);

        Verdict Run(bool isMarked, bool isFenced)
        {
            bool acknowledged = false;
            return Judge(
                model,
                medium =>
                {
                    medium.Start[Data] = 7;
                    if (isMarked)
                    {
                        medium.MarkStored(Data, 1);
                    }

                    if (isFenced)
                    {
                        medium.Fence();
                    }

                    acknowledged = true;
                    medium.Write(Flag, [1]);
                },
                (image, _) => !acknowledged || image.Start[Data] == 7);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Words_are_whole_and_wider_values_are_not(DurabilityModel model)
    {
        const ulong Both = 0x0807060504030201;
        Assert.Equal(0, Run(image => image.Word(Data) is 0 or Both && image.Word(Data + 8) is 0 or Both).Violations);
        Assert.NotEqual(0, Run(image => image.Word(Data) == image.Word(Data + 8)).Violations);

        Verdict Run(Func<Image, bool> isRight) => Judge(
            model,
            medium =>
            {
                Span<byte> value = stackalloc byte[16];
                BinaryPrimitives.WriteUInt64LittleEndian(value, Both);
                BinaryPrimitives.WriteUInt64LittleEndian(value[8..], Both);
                medium.Write(Data, value);
                medium.Fence();
            },
            (image, _) => isRight(new Image(image)));
    }

    /// <summary>A value that was overwritten before it was fenced may be what persisted.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void Version_in_between_can_persist(DurabilityModel model)
    {
        Assert.NotEqual(0, Judge(
            model,
            medium =>
            {
                medium.Write(Data, [1]);
                medium.Idle();
                medium.Write(Data, [2]);
            },
            (image, step) => !(step == SimulatedEventKind.Idle && image.Start[Data] == 1)).Violations);

        using SimulatedMedium medium = new(1 << 20, model, seed: 3) { EvictionsPerThousand = 1000 };
        CrashState state = new();
        medium.Write(Data, [1]);
        medium.Idle();
        medium.Write(Data, [2]);
        using SimulatedMedium image = medium.MakeImageMedium(1);
        medium.Capture(state);
        medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, seed: 1);
        Assert.Equal(1, image.Start[Data]);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Images_are_cheap(DurabilityModel model)
    {
        const int Count = 2000;
        using SimulatedMedium medium = new(8 << 20, model, seed: 1);
        medium.WriteZeros(0, 8 << 20);
        medium.Fence();
        for (int i = 0; i < 50; i++)
        {
            medium.Write(i * 100_003, [1]);
        }

        CrashState state = new();
        medium.Capture(state);
        using SimulatedMedium image = medium.MakeImageMedium(1);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Count; i++)
        {
            medium.MakeImage(state, new ImageChoice(ImageMode.Random), image, mayCrash: true, seed: i);
            image.Write(0, [2]);
        }

        double perSecond = Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        output.WriteLine($"{model}: {perSecond:F0} images a second");
        Assert.True(perSecond > 200, $"only {perSecond:F0} images a second");
    }

    /// <summary>Runs a program and looks at images of every moment: all of them where there are few, else many.</summary>
    private static Verdict Judge(
        DurabilityModel model, Action<SimulatedMedium> program, Func<SimulatedMedium, SimulatedEventKind, bool> isRight)
    {
        Verdict verdict = new();
        using SimulatedMedium medium = new(1 << 20, model, seed: 1) { EvictionsPerThousand = 0 };
        using SimulatedMedium image = medium.MakeImageMedium(2);
        CrashState state = new();
        medium.OnEvent = (_, at) =>
        {
            medium.Capture(state);
            int units = medium.UnitCount(state);
            verdict.Undecided += units;
            Assert.InRange(units, 0, 8);
            for (int bits = 0; bits < 1 << units; bits++)
            {
                Look(new ImageChoice(ImageMode.Exhaustive, bits), bits, at.Kind);
            }

            for (int seed = 0; seed < 60; seed++)
            {
                Look(new ImageChoice(ImageMode.Random, Torn: 0.5), seed, at.Kind);
            }
        };
        program(medium);
        medium.Idle();
        return verdict;

        void Look(ImageChoice choice, int seed, SimulatedEventKind step)
        {
            medium.MakeImage(state, choice, image, mayCrash: false, seed);
            verdict.Violations += isRight(image, step) ? 0 : 1;
        }
    }

    private sealed class Verdict
    {
        public int Violations { get; set; }

        public int Undecided { get; set; }
    }

    private readonly struct Image(SimulatedMedium medium)
    {
        public ulong Word(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(medium.Span(offset, 8));
    }
}
