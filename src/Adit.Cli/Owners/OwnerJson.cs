using System.Text.Json.Serialization;

namespace Adit.Cli.Owners;

/// <summary>The messages between a command and a volume's owner.</summary>
[JsonSerializable(typeof(OwnerRequest))]
[JsonSerializable(typeof(OwnerReply))]
internal sealed partial class OwnerJson : JsonSerializerContext
{
}
