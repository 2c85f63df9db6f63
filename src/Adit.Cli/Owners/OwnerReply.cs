using Adit.Cli.CommandLine;
using Adit.Cli.Maps;
using Adit.Cli.Reports;
using Adit.Interop;

namespace Adit.Cli.Owners;

/// <summary>One answer of an owner. A request gets one, or several with <see cref="More"/> before the last.</summary>
internal sealed record OwnerReply
{
    /// <summary>Another answer to the same request follows.</summary>
    public bool More { get; init; }

    /// <summary>Why the request failed, or null.</summary>
    public string? Error { get; init; }

    public Errno Errno { get; init; }

    public ExitCode ExitCode { get; init; }

    public VolumeReport? Volume { get; init; }

    public NodeReport? Node { get; init; }

    public VolumeMap? Map { get; init; }

    public FsckProgress? Progress { get; init; }

    public FindingReport? Finding { get; init; }

    public string? Action { get; init; }

    public FsckReport? Check { get; init; }

    public FlagsReport? Flags { get; init; }

    public QuotaReport? Quota { get; init; }
}
