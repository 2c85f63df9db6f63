using Adit.Cli.Reports;
using Adit.Media;

namespace Adit.Cli.Inspection;

/// <summary>Makes the document of <c>adit info</c>.</summary>
internal static class InformationReader
{
    public static VolumeReport Read(Volume volume)
    {
        var information = volume.GetInformation();
        return new VolumeReport
        {
            Name = information.Name,
            Label = information.Label,
            VolumeId = information.VolumeId,
            Created = information.Created,
            SizeBytes = information.SizeBytes,
            CapacityBytes = information.CapacityBytes,
            UsedBytes = information.UsedBytes,
            FreeBytes = information.FreeBytes,
            Medium = MediumNames.Of(information.MediumKind),
            IsPersistent = information.IsPersistent,

            // A read-only opening is of a private copy, which is as durable as it gets: what counts is an opening for writing.
            CommitsAreDurable = information.IsReadOnly ? information.MediumKind != MediumKind.File : information.CommitsAreDurable,
            MapSync = information.MediumKind == MediumKind.Pmem,
            HugePages = HugePageProbe.CanHoldHugePages(volume.Store.Medium),
            IsReadOnly = information.IsReadOnly,
            FormatVersion = information.FormatVersion,
            Features = [.. information.Features.Select(feature => new FeatureReport(feature.Name, feature.Maturity == FeatureMaturity.Stable ? "stable" : "preview"))],
            Dax = information.Dax switch
            {
                DaxMode.Always => "always",
                DaxMode.Never => "never",
                _ => "inode",
            },
            RefusesPreviews = information.Previews == PreviewPolicy.Refuse,
            LastCleanClose = information.LastCleanClose,
            WasClean = information.WasClean,
            RecoveredRecords = information.RecoveredRecords,
            LogBytes = information.LogBytes,
            LogUsedBytes = information.LogUsedBytes,
            Epoch = information.Epoch,
            ChecksumErrors = information.ChecksumErrors,
            Failure = information.Failure,
        };
    }
}
