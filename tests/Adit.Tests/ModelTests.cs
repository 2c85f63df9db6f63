using Adit.TestKit.Model;
using Xunit.Abstractions;

namespace Adit.Tests;

/// <summary>Random operations on a volume and on the model side by side, with reopenings between.</summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private const int OperationsPerRound = 150;

    [Theory]
    [InlineData(VolumeFixture.Memory, 1, 12)]
    [InlineData(VolumeFixture.Memory, 2, 12)]
    [InlineData(VolumeFixture.File, 3, 8)]
    [InlineData(VolumeFixture.File, 4, 8)]
    public void Random_operations_agree_with_the_model(string kind, int seed, int rounds)
    {
        using VolumeFixture fixture = new(kind);
        Run(fixture, new VolumeOptions(), seed, rounds, new OperationMix(), OperationsPerRound);
    }

    [Fact]
    public void Names_that_all_collide_agree_with_the_model()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        Run(fixture, new VolumeOptions { NameHashMask = 0 }, seed: 5, rounds: 8, new OperationMix { Namespace = 60, Data = 10 }, OperationsPerRound);
    }

    [Fact]
    public void Without_idle_inodes_in_memory_operations_agree_with_the_model()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        Run(fixture, new VolumeOptions { InodeCacheCount = 0 }, seed: 6, rounds: 8, new OperationMix(), OperationsPerRound);
    }

    [Theory]
    [InlineData(VolumeFixture.Memory, 11, 0)]
    [InlineData(VolumeFixture.Memory, 12, 64 << 10)]
    [InlineData(VolumeFixture.File, 13, 64 << 10)]
    public void Files_with_checksums_agree_with_the_model(string kind, int seed, long logBytes)
    {
        using VolumeFixture fixture = new(kind, logBytes: logBytes);
        Run(fixture, new VolumeOptions { Dax = DaxMode.Never }, seed, rounds: 8, new OperationMix { Data = 80, MaxFileBytes = 1 << 20 }, OperationsPerRound);
    }

    [Fact]
    public void A_small_volume_that_fills_up_agrees_with_the_model()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, 8 << 20);
        ModelRunner runner = Run(
            fixture,
            new VolumeOptions(),
            seed: 7,
            rounds: 10,
            new OperationMix { Data = 120, MaxFileBytes = 6 << 20 },
            OperationsPerRound);
        Assert.True(runner.NoSpaceCount > 0, "the volume never was full: the test has shown nothing");
    }

    [Theory]
    [InlineData(VolumeFixture.Memory)]
    [InlineData(VolumeFixture.File)]
    [Trait("Tier", "long")]
    public void Many_random_operations_agree_with_the_model(string kind)
    {
        for (int seed = 100; seed < 120; seed++)
        {
            using VolumeFixture fixture = new(kind);
            Run(fixture, new VolumeOptions(), seed, rounds: 40, new OperationMix(), operationsPerRound: 500);
        }
    }

    private ModelRunner Run(
        VolumeFixture fixture, VolumeOptions options, int seed, int rounds, OperationMix mix, int operationsPerRound)
    {
        output.WriteLine($"seed {seed}");
        ModelFileSystem model = new();
        OperationGenerator generator = new(seed, mix);
        ModelRunner? runner = null;
        for (int round = 0; round < rounds; round++)
        {
            using Volume volume = fixture.Open(options);
            using VolumeDriver driver = new(volume);
            runner = new ModelRunner(driver, model);
            runner.CompareState();
            for (int i = 0; i < operationsPerRound; i++)
            {
                runner.Run(generator.Next(model.State));
                if (i % 50 == 0)
                {
                    runner.CompareState();
                }
            }

            foreach (int handle in model.State.Handles.Keys)
            {
                runner.Run(new CloseOperation(handle));
            }

            runner.CompareState();
            if (options.NameHashMask == ulong.MaxValue)
            {
                VolumeProof.Check(volume);
            }
        }

        return runner!;
    }
}
