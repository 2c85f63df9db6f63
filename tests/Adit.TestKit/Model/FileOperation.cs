using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>An operation on a file system, as data: the same one runs on the model, on a volume and on a mount. Paths
/// are absolute and never lead through symbolic links.</summary>
public abstract record FileOperation
{
    /// <summary>Everything acknowledged before is durable when it returns.</summary>
    public virtual bool IsSync => false;

    /// <summary>May be carried out in several transactions, so a crash inside it may leave part of it done.</summary>
    public virtual bool IsPiecewise => false;

    /// <summary>One short line.</summary>
    public string Describe() => Shorten(ToString()
        .Replace("Operation", "", StringComparison.Ordinal)
        .Replace("IsSync = False, ", "", StringComparison.Ordinal)
        .Replace("IsSync = True, ", "", StringComparison.Ordinal)
        .Replace("IsPiecewise = False, ", "", StringComparison.Ordinal)
        .Replace("IsPiecewise = True, ", "", StringComparison.Ordinal));

    private static string Shorten(string text) => text.Length <= 160 ? text : $"{text[..150]}...({text.Length})";
}

/// <summary>Where a data operation finds its file: by path, or by the number of a handle opened before.</summary>
public readonly record struct FileTarget(string? Path, int Handle)
{
    public static implicit operator FileTarget(string path) => new(path, -1);

    public static FileTarget Opened(int handle) => new(null, handle);

    public override string ToString() => Path is null ? $"#{Handle}" : Path;
}

public sealed record CreateOperation(string Path) : FileOperation;

public sealed record MakeDirectoryOperation(string Path) : FileOperation;

public sealed record MakeSymbolicLinkOperation(string Path, string Target) : FileOperation;

public sealed record LinkOperation(string Path, string NewPath) : FileOperation;

public sealed record UnlinkOperation(string Path) : FileOperation;

public sealed record RemoveDirectoryOperation(string Path) : FileOperation;

public sealed record RenameOperation(string From, string To, RenameFlags Flags = RenameFlags.None) : FileOperation;

/// <summary>Keeps a file open under a number, so that it outlives its last name.</summary>
public sealed record OpenOperation(string Path, int Handle) : FileOperation;

/// <summary>Makes a file without a name, open under a number.</summary>
public sealed record OpenTemporaryOperation(int Handle) : FileOperation;

public sealed record CloseOperation(int Handle) : FileOperation;

/// <summary>Writes the bytes of <see cref="Pattern"/>.</summary>
public sealed record WriteOperation(FileTarget Target, long OffsetBytes, int LengthBytes, ulong Seed) : FileOperation
{
    public override bool IsPiecewise => true;
}

public sealed record AppendOperation(FileTarget Target, int LengthBytes, ulong Seed) : FileOperation
{
    public override bool IsPiecewise => true;
}

public sealed record TruncateOperation(FileTarget Target, long LengthBytes) : FileOperation;

/// <summary>fallocate(2).</summary>
public sealed record AllocateOperation(FileTarget Target, AllocateMode Mode, long OffsetBytes, long LengthBytes) : FileOperation
{
    public override bool IsPiecewise => true;
}

public sealed record SetPermissionsOperation(string Path, uint Permissions) : FileOperation;

public sealed record SetAttributeOperation(string Path, string Name, int LengthBytes, ulong Seed, AttributeSetMode Mode = AttributeSetMode.CreateOrReplace) : FileOperation;

public sealed record RemoveAttributeOperation(string Path, string Name) : FileOperation;

/// <summary>Reads and compares.</summary>
public sealed record ReadOperation(FileTarget Target, long OffsetBytes, int LengthBytes) : FileOperation;

public sealed record SyncFileOperation(FileTarget Target) : FileOperation
{
    public override bool IsSync => true;
}

public sealed record SyncDirectoryOperation(string Path) : FileOperation
{
    public override bool IsSync => true;
}

public sealed record SyncVolumeOperation : FileOperation
{
    public override bool IsSync => true;
}

/// <summary>Takes the log into the tree. Changes nothing that can be seen; acknowledges everything before.</summary>
public sealed record CheckpointOperation : FileOperation
{
    public override bool IsSync => true;
}

/// <summary>Turns quotas on, which counts all inodes, or off. Changes nothing that the model knows; acknowledges everything before.</summary>
public sealed record SwitchQuotasOperation(bool On) : FileOperation
{
    public override bool IsSync => true;
}
