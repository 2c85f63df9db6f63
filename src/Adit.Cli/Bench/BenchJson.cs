using System.Text.Json.Serialization;

namespace Adit.Cli.Bench;

/// <summary>Writes the lines of <c>adit bench --json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchResult))]
internal sealed partial class BenchJson : JsonSerializerContext
{
}
