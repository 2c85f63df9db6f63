using System.Text.Json.Serialization;
using Adit.Cli.Mounts;

namespace Adit.Cli.Holding;

/// <summary>The messages between a holder, its servers and <c>adit upgrade</c>.</summary>
[JsonSerializable(typeof(HeldServerRequest))]
[JsonSerializable(typeof(MountStatus))]
[JsonSerializable(typeof(UpgradeRequest))]
[JsonSerializable(typeof(UpgradeReply))]
internal sealed partial class HolderJson : JsonSerializerContext
{
}
