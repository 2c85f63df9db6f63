namespace Adit.TestKit.Model;

/// <summary>How often each kind of operation comes, as weights, and how large files get.</summary>
public sealed record OperationMix
{
    public int Namespace { get; init; } = 30;

    public int Data { get; init; } = 40;

    public int Attributes { get; init; } = 8;

    public int Handles { get; init; } = 8;

    public int Reads { get; init; } = 8;

    public int Syncs { get; init; } = 8;

    public int Checkpoints { get; init; } = 3;

    public int MaxFileBytes { get; init; } = 64 << 10;

    public int Total => Namespace + Data + Attributes + Handles + Reads + Syncs + Checkpoints;
}
