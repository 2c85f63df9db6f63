namespace Adit.Cli.Owners;

/// <summary>What a command asks of a volume's owner.</summary>
internal enum OwnerRequestKind
{
    Information = 1,
    Node = 2,
    Map = 3,
    Check = 4,
    Unmount = 5,
    Flags = 6,
    Quota = 7,
}

/// <summary>One request.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Path">Of a node in the volume.</param>
/// <param name="Repair">Repair what a check finds.</param>
/// <param name="Flags">The change of flags of a node.</param>
/// <param name="Quota">What is asked about quotas.</param>
internal sealed record OwnerRequest(OwnerRequestKind Kind, string? Path = null, bool Repair = false, FlagRequest? Flags = null, QuotaRequest? Quota = null);
