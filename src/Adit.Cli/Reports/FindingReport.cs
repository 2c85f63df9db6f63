namespace Adit.Cli.Reports;

/// <summary>Something that a check found.</summary>
/// <param name="Kind">What is wrong, as a word that scripts can rely on.</param>
/// <param name="Where">The block, key, inode or path.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Found">What is there.</param>
internal sealed record FindingReport(string Kind, string Where, string Expected, string Found);
