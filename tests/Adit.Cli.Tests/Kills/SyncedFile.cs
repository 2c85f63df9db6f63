using System.Globalization;

namespace Adit.Cli.Tests.Kills;

/// <summary>A file whose fsync had returned.</summary>
/// <param name="Path">In the mount.</param>
/// <param name="LengthBytes">Its length then.</param>
/// <param name="Hash">SHA-256 of its bytes, hexadecimal.</param>
internal sealed record SyncedFile(string Path, long LengthBytes, string Hash)
{
    /// <summary>From a line of the copier, whose paths are relative to <paramref name="folder"/>.</summary>
    public static SyncedFile Parse(string folder, string line) => line.Split('\t') is [var path, var length, var hash]
        ? new SyncedFile(System.IO.Path.Combine(folder, path), long.Parse(length, CultureInfo.InvariantCulture), hash)
        : throw new FormatException($"the copier wrote '{line}'");
}
