using Adit.Cli.Reports;

namespace Adit.Cli.Owners;

/// <summary>Hears what a check does.</summary>
internal interface ICheckListener
{
    void Progress(CheckProgress progress);

    void Finding(FindingReport finding);
}
