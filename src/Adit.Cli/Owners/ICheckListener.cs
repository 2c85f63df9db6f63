using Adit.Cli.Reports;

namespace Adit.Cli.Owners;

/// <summary>Hears what a check does.</summary>
internal interface ICheckListener
{
    void Progress(FsckProgress progress);

    void Finding(FindingReport finding);

    /// <summary>A line for what a repair mended, saved or lost.</summary>
    void Action(string line);
}
