using Adit.Dax.Layouts;

namespace Adit.Dax.Leases;

/// <summary>Who keeps a range of a file from changing, as shown to those who want it.</summary>
/// <param name="Purpose">What for, in the holder's words.</param>
/// <param name="Pages">The range.</param>
/// <param name="Since">When it was taken.</param>
/// <param name="ProcessId">The process that it was taken for.</param>
/// <param name="IsRecalled">The holder was told that the range is wanted.</param>
public sealed record LeaseHolder(string Purpose, PageRange Pages, DateTimeOffset Since, int ProcessId, bool IsRecalled);
