namespace Adit.Cli.Reports;

/// <summary>The document of a command that did something and has nothing more to tell.</summary>
/// <param name="Action">What was done: "mkdir", "rm".</param>
/// <param name="Paths">To what, as it was given.</param>
internal sealed record ActionReport(string Action, IReadOnlyList<string> Paths);
