using Adit.Interop.Linux;

namespace Adit.Cli.Holding;

/// <summary>One message between a holder and its server.</summary>
/// <param name="Kind">What is said.</param>
/// <param name="Text">As the kind says, or empty.</param>
/// <param name="Descriptor">A descriptor that came with it, the receiver's; or null.</param>
internal sealed record HolderMessage(HolderMessageKind Kind, string Text = "", FileDescriptor? Descriptor = null);
