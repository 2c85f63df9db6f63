using Adit.Checking;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Superblocks;
using Adit.Metadata.Transactions;
using Adit.Nodes;
using Adit.Quotas;
using Adit.TestKit.Threads;

namespace Adit.Tests.Quotas;

/// <summary>Quotas of a volume that had none, and their end.</summary>
public sealed class QuotaSwitchTests
{
    private const int Block = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Turning_on_counts_what_is_there_and_limits_bind()
    {
        using QuotaFixture fixture = new(quotas: false);
        Volume volume = fixture.Volume;
        for (uint i = 0; i < 300; i++)
        {
            using IOpenFile file = fixture.Make($"f{i}", i % 90, i % 7);
            QuotaFixture.Write(file, 0, Block);
        }

        Assert.Equal(Errno.ESRCH, Assert.Throws<AditException>(() => fixture.Limit(7, Block)).Errno);
        Assert.Empty(volume.GetQuotas());
        volume.TurnQuotasOn();
        volume.TurnQuotasOn();
        Assert.Equal((4 * Block, 4), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal((43 * Block, 43), fixture.UsageOf(QuotaKind.Group, 1));
        fixture.Prove();
        fixture.Limit(7, hardBytes: Block);
        Assert.Equal((Errno.EDQUOT, 0), QuotaFixture.Write(fixture.Make("more", 7), 0, 1));
        fixture.Reopen();
        Assert.Equal(Block, fixture.User(7).Limits.HardBytes);
        fixture.Prove();
    }

    [Fact]
    public void Turning_on_beside_others_at_work_counts_each_inode_once()
    {
        using QuotaFixture fixture = new(quotas: false);
        Volume volume = fixture.Volume;
        for (uint i = 0; i < 6000; i++)
        {
            fixture.Make($"old{i}", i % 300, i % 7).Dispose();
        }

        using CancellationTokenSource stop = new();
        int[] works = new int[3];
        GuardedThread[] threads = GuardedThread.Start(works.Length, number => Work(fixture, number, ref works[number], stop.Token));
        List<double> shares = [];
        int before;
        int beside;
        try
        {
            SpinWait.SpinUntil(() => works.All(count => count > 0) || threads.Any(thread => !thread.IsAlive), Patience);
            before = works.Sum();

            // Between two steps of the count the others get a turn, however busy the machine is.
            volume.TurnQuotasOn(new Recorder(shares, () => SpinWait.SpinUntil(() => works.Sum() > before, Patience)));
            beside = works.Sum() - before;
        }
        finally
        {
            stop.Cancel();
        }

        GuardedThread.JoinAll(threads, Patience);
        Assert.True(works.All(count => count > 0) && beside > 0, $"inconclusive: {beside} changes beside the count");
        Assert.True(shares.Count > 3, $"{shares.Count} steps are too few to be met by anybody at work");
        Assert.Equal(1, shares[^1]);
        Assert.Equal(shares.Order(), shares);
        fixture.Prove();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_count_that_was_interrupted_goes_on(bool abandon)
    {
        using QuotaFixture fixture = new(quotas: false);
        for (uint i = 0; i < 5000; i++)
        {
            fixture.Make($"f{i}", i % 100).Dispose();
        }

        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => fixture.Volume.TurnQuotasOn(new Canceller(stop), stop.Token));
        Assert.Equal(QuotaState.Counting, fixture.Volume.GetQuotaStatus().State);
        fixture.Prove();
        fixture.Volume.Delete("/f1");
        fixture.Volume.Delete("/f4999");
        fixture.Volume.Sync();
        fixture.Reopen(abandon);
        Assert.Equal(QuotaState.Counting, fixture.Volume.GetQuotaStatus().State);
        fixture.Prove();
        fixture.Limit(3, hardInodes: 1);
        fixture.Make("not-yet-bound", 3).Dispose();
        fixture.Volume.TurnQuotasOn();
        Assert.Equal(QuotaState.On, fixture.Volume.GetQuotaStatus().State);
        Assert.Equal((0, 51), fixture.UsageOf(QuotaKind.User, 3));
        Assert.Equal(Errno.EDQUOT, fixture.TryMake("bound", 3, out _));
        fixture.Prove();
    }

    [Fact]
    public void Turning_off_limits_nothing_and_keeps_the_limits_for_later()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: Block);
        fixture.Volume.SetQuotaGrace(QuotaKind.Group, TimeSpan.FromSeconds(100), null);
        fixture.Volume.TurnQuotasOff();
        using IOpenFile file = fixture.Make("f", 7);
        Assert.Equal((Errno.Success, 9 * Block), QuotaFixture.Write(file, 0, 9 * Block));
        fixture.Prove();
        Assert.Equal(FormatVersion.Quotas, FeaturesOf(fixture.Medium) & FormatVersion.Quotas);
        fixture.Reopen();
        fixture.Volume.TurnQuotasOn();
        Assert.Equal((9 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal(Block, fixture.User(7).Limits.HardBytes);
        Assert.Equal(TimeSpan.FromSeconds(100), fixture.Volume.GetQuotaStatus().Graces[QuotaKind.Group].Bytes);
        fixture.Prove();
    }

    [Fact]
    public void Forgetting_leaves_a_volume_that_other_builds_may_write()
    {
        using QuotaFixture fixture = new(quotas: false);
        ulong before = FeaturesOf(fixture.Medium);
        Assert.Equal(0UL, before & FormatVersion.Quotas);
        fixture.Volume.TurnQuotasOn();
        Assert.Equal(before | FormatVersion.Quotas, FeaturesOf(fixture.Medium));
        fixture.Limit(7, hardBytes: Block);
        fixture.Volume.TurnQuotasOff(forgetsLimits: true);
        Assert.Equal(before, FeaturesOf(fixture.Medium));
        Assert.Empty(fixture.Volume.GetQuotas());
        fixture.Prove();
        fixture.Reopen();
        fixture.Volume.TurnQuotasOn();
        Assert.Equal(0, fixture.User(7).Limits.HardBytes);
        fixture.Reopen();
        Assert.Equal(before | FormatVersion.Quotas, FeaturesOf(fixture.Medium));
    }

    [Fact]
    public void Frozen_volume_is_counted_after_the_thaw()
    {
        using QuotaFixture fixture = new(quotas: false);
        fixture.Volume.Freeze();
        GuardedThread thread = GuardedThread.Start(() => fixture.Volume.TurnQuotasOn());
        Assert.False(thread.TryJoin(TimeSpan.FromMilliseconds(200)));
        fixture.Volume.Thaw();
        thread.Join(Patience);
        Assert.Equal(QuotaState.On, fixture.Volume.GetQuotaStatus().State);
        fixture.Prove();
    }

    [Fact]
    public void Read_only_opening_shows_quotas()
    {
        using QuotaFixture fixture = new();
        fixture.Limit(7, hardBytes: Block);
        fixture.Volume.Dispose();
        using (Volume readOnly = Volume.Open(fixture.Medium, new VolumeOptions { ReadOnly = true, LeaveMediumOpen = true }))
        {
            Assert.Equal(Block, readOnly.GetQuota(QuotaKind.User, 7).Limits.HardBytes);
            Assert.Equal(Errno.EROFS, Assert.Throws<AditException>(() => readOnly.TurnQuotasOff()).Errno);
            Assert.Equal(Errno.EROFS, Assert.Throws<AditException>(() => readOnly.SetQuota(QuotaKind.User, 7, default)).Errno);
        }

        fixture.Reopen();
    }

    [Fact]
    public void Turning_on_is_refused_where_previews_are()
    {
        using QuotaFixture fixture = new(quotas: false);
        fixture.Volume.Dispose();
        using (Volume strict = Volume.Open(fixture.Medium, new VolumeOptions { Previews = PreviewPolicy.Refuse, LeaveMediumOpen = true }))
        {
            AditException refusal = Assert.Throws<AditException>(() => strict.TurnQuotasOn());
            Assert.Equal(Errno.ENOTSUP, refusal.Errno);
            Assert.Contains(VolumeFeatures.Quotas, refusal.Message, StringComparison.Ordinal);
        }

        fixture.Reopen();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Wrong_usage_is_found_and_mended(bool malformed)
    {
        using QuotaFixture fixture = new();
        using (IOpenFile file = fixture.Make("f", 7, 8))
        {
            QuotaFixture.Write(file, 0, 3 * Block);
        }

        fixture.Limit(7, hardBytes: 100 * Block);
        fixture.Volume.Dispose();
        using (MetadataStore store = MetadataStore.Open(fixture.Medium, new StoreOptions { BackgroundWork = false }))
        {
            Assert.Equal(Errno.Success, store.Begin(out Transaction transaction));
            QuotaRecord wrong = new() { UsedBlocks = malformed ? -1 : 99, UsedInodes = 4, HardBlocks = 100 };
            transaction.Put(QuotaRecord.Key(QuotaKind.User, 7), wrong.AsBytes());
            transaction.Delete(QuotaRecord.Key(QuotaKind.Group, 8));
            transaction.Commit();
        }

        CheckReport report = VolumeChecker.Check(fixture.Medium);
        Assert.Contains(report.Findings, finding => finding.Kind == (malformed ? Metadata.Checking.FindingKind.QuotaMalformed : Metadata.Checking.FindingKind.QuotaUsage));
        Assert.True(VolumeRepairer.Repair(fixture.Medium).After.IsSound);
        fixture.Reopen();
        Assert.Equal((3 * Block, 1), fixture.UsageOf(QuotaKind.User, 7));
        Assert.Equal((3 * Block, 1), fixture.UsageOf(QuotaKind.Group, 8));
        Assert.Equal(malformed ? 0 : 100 * Block, fixture.User(7).Limits.HardBytes);
    }

    [Fact]
    public void Project_on_a_volume_of_older_builds_is_refused()
    {
        using MemoryMedium medium = new(64 << 20);
        Volume.Format(medium, new FormatOptions { ReadOnlyCompatibleFeatures = 0 });
        using Volume volume = Volume.Open(medium, new VolumeOptions { LeaveMediumOpen = true });
        volume.CreateDirectory("/d");
        Assert.Equal(Errno.ENOTSUP, Assert.Throws<AditException>(() => volume.SetProject("/d", 3)).Errno);
        volume.SetProject("/d", 0);
        Assert.Equal(0u, volume.GetProject("/d"));
        VolumeProof.Check(volume);
    }

    private static void Work(QuotaFixture fixture, int number, ref int works, CancellationToken stop)
    {
        Random random = new(number);
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string name = $"old{random.Next(2000) + (number * 2000)}";
            if (!fixture.Volume.Exists($"/{name}"))
            {
                fixture.Make(name, (uint)random.Next(300), 3).Dispose();
            }
            else if (random.Next(3) == 0)
            {
                fixture.Volume.Delete($"/{name}");
            }
            else
            {
                using AditFile file = fixture.Volume.OpenFile($"/{name}");
                file.Write(random.Next(5) * Block, Bytes.Of(Block, i));
                fixture.Volume.SetAttributes($"/{name}", new AttributeChanges { Fields = AttributeFields.UserId, UserId = (uint)random.Next(300) });
            }

            Volatile.Write(ref works, i + 1);
        }
    }

    private static ulong FeaturesOf(Medium medium)
    {
        Assert.True(Superblock.TryRead(medium.Span(0, Superblock.SizeBytes), out Superblock superblock));
        return superblock.ReadOnlyCompatibleFeatures;
    }

    private sealed class Recorder(List<double> shares, Action? next = null) : IProgress<double>
    {
        public void Report(double value)
        {
            shares.Add(value);
            next?.Invoke();
        }
    }

    private sealed class Canceller(CancellationTokenSource source) : IProgress<double>
    {
        public void Report(double value) => source.Cancel();
    }
}
