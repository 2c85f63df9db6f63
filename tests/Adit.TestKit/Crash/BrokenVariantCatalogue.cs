using Adit.Metadata;
using Adit.TestKit.Crash.Files;
using Adit.TestKit.Crash.Stores;
using Adit.TestKit.Simulation;

namespace Adit.TestKit.Crash;

/// <summary>For each deliberate defect, a campaign that must catch it, and within how many images. The same campaign without
/// the defect must find nothing.</summary>
public static class BrokenVariantCatalogue
{
    private const long Bound = 30_000;

    /// <summary>The defects of the store.</summary>
    public static IReadOnlyList<BrokenVariant> OfStore { get; } =
    [
        BrokenVariant.SkipRecordFence,
        BrokenVariant.SkipRecordFlush,
        BrokenVariant.TrustRecordChecksum,
        BrokenVariant.TrustOldIncarnation,
        BrokenVariant.TrustSequenceGap,
        BrokenVariant.DropLastRecord,
        BrokenVariant.PublishBeforeNodes,
        BrokenVariant.SkipNodeFlush,
        BrokenVariant.ModifyNodeInPlace,
        BrokenVariant.ReuseLogEarly,
        BrokenVariant.ReuseNodeEarly,
        BrokenVariant.ReuseDataEarly,
        BrokenVariant.PublishBothAtOnce,
        BrokenVariant.SkipSuperblockFence,
        BrokenVariant.NodeMapBeforePublish,
        BrokenVariant.SkipNodeMapReplay,
        BrokenVariant.SkipRecoveryReservation,
        BrokenVariant.SkipSpaceFold,
        BrokenVariant.LogStartTooFar,
        BrokenVariant.RecordBeforeData,
    ];

    /// <summary>The defects of files and directories.</summary>
    public static IReadOnlyList<BrokenVariant> OfFiles { get; } =
    [
        BrokenVariant.SkipZeroing,
        BrokenVariant.SkipTailZeroing,
        BrokenVariant.SizeBeforeData,
        BrokenVariant.ForgetOrphan,
        BrokenVariant.RenameInTwoRecords,
        BrokenVariant.ConvertBeforeData,
        BrokenVariant.TruncateWithoutMark,
        BrokenVariant.SkipOverwriteFence,
        BrokenVariant.LinkInTwoRecords,
        BrokenVariant.FreeBeforeUnlink,
        BrokenVariant.StaleDataChecksum,
        BrokenVariant.SkipPrivateFence,
        BrokenVariant.PrivateInPlace,
        BrokenVariant.UsageInNextRecord,
        BrokenVariant.KeepUsageOfRemoved,
        BrokenVariant.CursorBehindUsage,
    ];

    /// <summary>The campaign for a defect, with the defect switched on.</summary>
    public static CrashCampaignOptions CampaignFor(BrokenVariant variant) => Aim(variant) with
    {
        Broken = variant,
        Images = Bound,
        MaxViolations = 1,
    };

    /// <summary>Every commit is durable where these defects are in what comes before the commit.</summary>
    private static CrashCampaignOptions OnFiles(Func<FileWorkloadOptions, FileWorkloadOptions> aim) => new()
    {
        Layers = CrashLayers.Files,
        AimFiles = aim,
        AimSession = session => session with { Model = DurabilityModel.CacheLine, FenceProbability = 0.8, NestedProbability = 0.05 },
    };

    private static CrashCampaignOptions Aim(BrokenVariant variant) => variant switch
    {
        // Old records line up with new ones only when all have one length, several are in flight, and life goes on after recovery.
        BrokenVariant.TrustOldIncarnation => new CrashCampaignOptions
        {
            Layers = CrashLayers.Store,
            AimStore = StoreWorkloadOptions.Uniform,
            AimSession = session => session with { Model = DurabilityModel.Page, GoOnProbability = 0.8, NestedProbability = 0 },
        },

        // The log must be full, and others must write while the checkpoint is being published.
        BrokenVariant.ReuseLogEarly => new CrashCampaignOptions
        {
            Layers = CrashLayers.Store,
            AimStore = StoreWorkloadOptions.FullLog,
            AimSession = session => session with { Model = DurabilityModel.CacheLine, AsideProbability = 1, FenceProbability = 0.05, NestedProbability = 0 },
        },

        // Recovery must need more nodes at once than are free, and find the chunk that a later record takes for data.
        BrokenVariant.SkipRecoveryReservation => new CrashCampaignOptions
        {
            Layers = CrashLayers.Store,
            AimStore = StoreWorkloadOptions.ManyNodes,
            AimSession = session => session with { Model = DurabilityModel.CacheLine, FenceProbability = 0.1, StoreProbability = 0, ImagesPerPoint = 2, NestedProbability = 0 },
        },

        // Records go ahead of data only where they are staged.
        BrokenVariant.RecordBeforeData => new CrashCampaignOptions
        {
            Layers = CrashLayers.Store,
            AimSession = session => session with { Model = DurabilityModel.Page },
        },
        BrokenVariant.TruncateWithoutMark => OnFiles(AimedScripts.Truncations),
        BrokenVariant.ConvertBeforeData => OnFiles(AimedScripts.Conversions),
        BrokenVariant.SkipOverwriteFence => OnFiles(AimedScripts.Overwrites),
        BrokenVariant.FreeBeforeUnlink => OnFiles(AimedScripts.Unlinks),
        BrokenVariant.UsageInNextRecord or BrokenVariant.KeepUsageOfRemoved => OnFiles(AimedScripts.OwnersAtWork),
        BrokenVariant.CursorBehindUsage => OnFiles(AimedScripts.QuotaSwitches),
        BrokenVariant.StaleDataChecksum or BrokenVariant.SkipPrivateFence or BrokenVariant.PrivateInPlace => OnFiles(AimedScripts.PrivateOverwrites),
        _ => new CrashCampaignOptions { Layers = OfFiles.Contains(variant) ? CrashLayers.Files : CrashLayers.Store },
    };
}
