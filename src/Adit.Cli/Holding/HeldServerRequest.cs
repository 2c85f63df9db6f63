namespace Adit.Cli.Holding;

/// <summary>What a server process under a holder is to do. The numbers are of inherited descriptors.</summary>
/// <param name="Volume">Absolute path of the volume.</param>
/// <param name="Directory">Absolute path of the mount point.</param>
/// <param name="Options">The words of -o.</param>
/// <param name="Version">Of the memory and of the conversation.</param>
/// <param name="Socket">The conversation with the holder.</param>
/// <param name="Memory">What servers promise the kernel.</param>
/// <param name="VolumeDescriptor">Owns the volume.</param>
/// <param name="Device">The channel to the kernel; -1: it is to be mounted first.</param>
/// <param name="EndsWithHolder">The mount ends when the holder does; else it is served on without one.</param>
internal sealed record HeldServerRequest(
    string Volume,
    string Directory,
    string Options,
    int Version,
    int Socket,
    int Memory,
    int VolumeDescriptor,
    int Device,
    bool EndsWithHolder);
