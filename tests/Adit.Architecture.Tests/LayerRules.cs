namespace Adit.Architecture.Tests;

/// <summary>Which project may reference which: the picture of docs/DESIGN.md as a table.</summary>
internal static class LayerRules
{
    public static IReadOnlyDictionary<string, string[]> Allowed { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Adit.Interop"] = [],
        ["Adit.Media"] = ["Adit.Interop"],
        ["Adit.Format"] = ["Adit.Media", "Adit.Interop"],
        ["Adit.Metadata"] = ["Adit.Format", "Adit.Media", "Adit.Interop"],
        ["Adit.Dax"] = ["Adit.Media", "Adit.Interop"],
        ["Adit"] = ["Adit.Dax", "Adit.Metadata", "Adit.Format", "Adit.Media", "Adit.Interop"],
        ["Adit.Fuse"] = ["Adit", "Adit.Interop"],
        ["Adit.FileProviders"] = ["Adit"],
        ["Adit.Inspector"] = ["Adit"],

        // The test kit carries the crash campaign that `adit crash` runs.
        ["Adit.Cli"] = ["Adit.Inspector", "Adit.Fuse", "Adit", "Adit.Interop", "Adit.TestKit"],
        ["Adit.TestKit"] = ["Adit", "Adit.Dax", "Adit.Metadata", "Adit.Format", "Adit.Media", "Adit.Interop"],

        // What runs inside a virtual machine with emulated persistent memory.
        ["Adit.Guest"] = ["Adit", "Adit.Dax"],

        // The programs of docs/DIRECT-ACCESS.md.
        ["Adit.Tutorial"] = ["Adit"],

        // The process that the kill tests kill.
        ["Adit.CrashChild"] = ["Adit.TestKit", "Adit"],
    };

    /// <summary>What is wrong with one reference, or null.</summary>
    public static string? Violation(string from, string to) => !Allowed.TryGetValue(from, out var allowed)
        ? $"{from} is not in the table of layers"
        : allowed.Contains(to, StringComparer.Ordinal) ? null : $"{from} references {to}";
}
