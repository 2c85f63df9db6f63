using Adit.Format;
using Adit.Media;
using Adit.Metadata;

namespace Adit;

/// <summary>What a volume says of itself.</summary>
public sealed partial class Volume
{
    /// <summary>Everything known about the volume, for people and tools.</summary>
    public VolumeInformation GetInformation()
    {
        MetadataStore store = _context.Store;
        VolumeIdentity identity = store.Identity;
        StoreStatistics statistics = store.Statistics;
        Medium medium = _context.Medium;
        return new VolumeInformation
        {
            Name = medium.Name,
            Label = identity.Label,
            VolumeId = identity.VolumeId,
            Created = identity.Created,
            SizeBytes = medium.LengthBytes,
            CapacityBytes = store.TotalBlocks << Geometry.BlockShift,
            FreeBytes = store.FreeBlocks << Geometry.BlockShift,
            MediumKind = medium.Kind,
            IsPersistent = !medium.IsVolatile,
            CommitsAreDurable = store.CommitsAreDurable,
            HasCheapFences = medium.HasCheapFences,
            IsReadOnly = IsReadOnly,
            FormatVersion = identity.Version,
            Features = VolumeFeatures.All,
            Dax = Dax,
            Previews = _options.Previews,
            LastCleanClose = identity.LastCleanClose,
            WasClean = identity.WasClean,
            RecoveredRecords = statistics.RecoveredTransactionCount,
            LogBytes = statistics.LogBytes,
            LogUsedBytes = statistics.LogUsedBytes,
            Epoch = statistics.Epoch,
            ChecksumErrors = _context.ChecksumErrorCount,
            Failure = store.Failure?.Message,
        };
    }
}
