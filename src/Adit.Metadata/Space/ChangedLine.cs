namespace Adit.Metadata.Space;

/// <summary>A chunk whose line on the medium is out of date, and what it should be.</summary>
public readonly record struct ChangedLine(long Chunk, SpaceLine Line);
