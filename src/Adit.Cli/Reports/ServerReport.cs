namespace Adit.Cli.Reports;

/// <summary>What the server of a mount did since it began, and what it holds now.</summary>
internal sealed record ServerReport
{
    /// <summary>The words of -o that hold, in the kernel or in the server. Null from an owner of a version that says nothing of them.</summary>
    public string? Options { get; init; }

    /// <summary>Requests served.</summary>
    public required long RequestCount { get; init; }

    /// <summary>The same by kind.</summary>
    public required IReadOnlyDictionary<string, long> Requests { get; init; }

    /// <summary>Requests that all servers of this mount began, one after another.</summary>
    public required long TotalRequestCount { get; init; }

    /// <summary>Those among them that the kernel sent again to a server that took over.</summary>
    public required long RepeatedRequestCount { get; init; }

    public required int OpenFileCount { get; init; }

    /// <summary>Inodes that the kernel holds.</summary>
    public required long KnownInodeCount { get; init; }

    /// <summary>How often it holds them, in all: once for each entry that it got and has not given back.</summary>
    public required long LookupCount { get; init; }

    /// <summary>How many servers went on in the place of one that died or was replaced.</summary>
    public required int TakeOverCount { get; init; }

    /// <summary>Another server goes on when this one dies.</summary>
    public required bool HasSuccessor { get; init; }

    /// <summary>Notifications that the kernel took.</summary>
    public required long NotificationCount { get; init; }

    /// <summary>Managed memory allocated since the process began.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Managed memory in use, what the next collection frees included.</summary>
    public required long ManagedBytes { get; init; }
}
