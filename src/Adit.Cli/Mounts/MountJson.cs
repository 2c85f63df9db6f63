using System.Text.Json.Serialization;

namespace Adit.Cli.Mounts;

/// <summary>The messages between <c>adit mount</c> and the server process it starts.</summary>
[JsonSerializable(typeof(MountRequest))]
[JsonSerializable(typeof(MountStatus))]
internal sealed partial class MountJson : JsonSerializerContext
{
}
