using Adit.Nodes;

namespace Adit.Cli.Owners;

/// <summary>A change of flags.</summary>
/// <param name="Set">Flags to set.</param>
/// <param name="Clear">Flags to take away.</param>
/// <param name="Recursive">Of all that is in a directory, too.</param>
internal sealed record FlagRequest(FileFlags Set, FileFlags Clear, bool Recursive);
