namespace Adit.Cli.Reports;

/// <summary>Something that a check found.</summary>
/// <param name="Kind">What is wrong, as a word.</param>
/// <param name="Message">What was expected where, and what was found.</param>
/// <param name="Repaired">It has been put right.</param>
internal sealed record FindingReport(string Kind, string Message, bool Repaired);
