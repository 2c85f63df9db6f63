using Adit.Media;

namespace Adit.Cli.Inspection;

/// <summary>The words of <c>--medium</c>.</summary>
internal static class MediumNames
{
    public static string[] All => ["file", "pmem", "pmem-emulated"];

    public static string Of(MediumKind kind) => kind switch
    {
        MediumKind.File => "file",
        MediumKind.Pmem => "pmem",
        MediumKind.PmemEmulated => "pmem-emulated",
        MediumKind.Memory => "memory",
        _ => "simulated",
    };

    public static MediumKind Parse(string word) => word switch
    {
        "pmem" => MediumKind.Pmem,
        "pmem-emulated" => MediumKind.PmemEmulated,
        _ => MediumKind.File,
    };
}
