using System.Text.Json.Serialization;

namespace Adit.Cli.Reports;

/// <summary>Writes the documents of <c>--json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(ActionReport))]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(EntryReport))]
[JsonSerializable(typeof(VolumeReport))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(MapReport))]
[JsonSerializable(typeof(FsckReport))]
[JsonSerializable(typeof(FlagsReport))]
[JsonSerializable(typeof(QuotaReport))]
[JsonSerializable(typeof(FindingReport))]
[JsonSerializable(typeof(CrashCampaignReport))]
[JsonSerializable(typeof(MountReport))]
[JsonSerializable(typeof(UpgradeReport))]
[JsonSerializable(typeof(FormatReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
}
