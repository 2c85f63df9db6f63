namespace Adit.Dax.Breaking;

/// <summary>How a layout change deals with those who use its range.</summary>
public readonly record struct BreakOptions
{
    /// <summary>Do not wait for anybody: fail with EBUSY at the first page in use.</summary>
    public bool NoWait { get; init; }

    /// <summary>The bytes of the range are about to be thrown away: they need not be made durable before their entries go.</summary>
    public bool Discards { get; init; }

    /// <summary>Ends the waiting with EINTR; nothing has changed then.</summary>
    public CancellationToken Cancellation { get; init; }
}
