using Adit.Cli.Maps;
using Adit.Cli.Reports;

namespace Adit.Cli.Owners;

/// <summary>What commands ask about a volume: of one that this process opened, or of its owner.</summary>
internal interface IVolumeInspector : IDisposable
{
    VolumeReport GetInformation();

    NodeReport GetNode(string path);

    VolumeMap GetMap();

    /// <summary>Changes flags of a node. What cannot be changed inside a directory is part of the report.</summary>
    FlagsReport SetFlags(string path, FlagRequest request);

    /// <summary>Changes quotas, or only tells them; calls the listener for progress.</summary>
    QuotaReport Quota(QuotaRequest request, ICheckListener listener);

    /// <summary>Checks everything; calls the listener for progress and findings, on any thread, one at a time.</summary>
    FsckReport Check(bool repair, ICheckListener listener);
}
