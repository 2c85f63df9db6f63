namespace Adit;

/// <summary>How an operation that changes which blocks a file has (a shorter size, a punched, zeroed, collapsed or inserted range) deals
/// with those who have its range pinned, viewed or leased.</summary>
/// <remarks>Without any it waits: for short pins as long as they are held, for a lease as long as <see cref="VolumeOptions.LeaseTime"/>. Deleting a
/// file never waits, so it takes none: the blocks of a deleted file stay its own until its last pin and view are gone.</remarks>
public readonly record struct ChangeOptions
{
    /// <summary>Options of an operation that waits for nobody.</summary>
    public static ChangeOptions Immediately => new() { NoWait = true };

    /// <summary>Fail with EBUSY at the first page that somebody uses, or that is being accessed this instant; nothing has changed then, and
    /// no holder of a lease is told.</summary>
    public bool NoWait { get; init; }

    /// <summary>Ends the waiting with EINTR (a file's own methods throw <see cref="OperationCanceledException"/>); nothing has changed then. An
    /// operation that has begun to change is not interrupted.</summary>
    public CancellationToken Cancellation { get; init; }
}
