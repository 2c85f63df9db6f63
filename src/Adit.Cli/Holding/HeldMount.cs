using Adit.Fuse.Succession;
using Adit.Interop.Linux;

namespace Adit.Cli.Holding;

/// <summary>What a server under a holder gets from it, and gives it.</summary>
/// <param name="Memory">What servers promise the kernel.</param>
/// <param name="VolumeDescriptor">Owns the volume.</param>
/// <param name="Device">The channel to the kernel, with a mount behind it; null: it is to be mounted first.</param>
/// <param name="Mounted">Takes the channel of a new mount.</param>
internal sealed record HeldMount(SessionMemory Memory, int VolumeDescriptor, FileDescriptor? Device, Action<FileDescriptor> Mounted);
