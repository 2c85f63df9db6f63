namespace Adit.Metadata.Space;

/// <summary>The state of one chunk as the medium keeps it.</summary>
public readonly record struct SpaceLine(ChunkUse Use, ChunkBits Bits);
