using System.Globalization;
using Adit.Cli.Reports;
using Adit.Interop.Linux;

namespace Adit.Cli.Tests.Soak;

/// <summary>What a mount's two processes hold that could grow.</summary>
/// <param name="ServerAnonymousBytes">Memory of the server that is its own: not the volume, not programs.</param>
/// <param name="ManagedBytes">Of that, what is managed.</param>
/// <param name="SessionBytes">The memory that holder and server share.</param>
internal sealed record MountFootprint(
    long ServerAnonymousBytes,
    int ServerDescriptors,
    int ServerThreads,
    long ManagedBytes,
    long HolderAnonymousBytes,
    int HolderDescriptors,
    int HolderThreads,
    long SessionBytes,
    long KnownInodes,
    long Lookups,
    int OpenFiles)
{
    public static MountFootprint Take(ServerReport server, int serverPid, int holderPid) => new(
        Status(serverPid, "RssAnon:") << 10,
        Descriptors(serverPid).Length,
        (int)Status(serverPid, "Threads:"),
        server.ManagedBytes,
        Status(holderPid, "RssAnon:") << 10,
        Descriptors(holderPid).Length,
        (int)Status(holderPid, "Threads:"),
        SessionBytesOf(holderPid),
        server.KnownInodeCount,
        server.LookupCount,
        server.OpenFileCount);

    /// <summary>What has grown beyond the noise since an earlier time, in words.</summary>
    /// <param name="early">The same server, or at least one of the same age.</param>
    public IEnumerable<string> GrowthSince(MountFootprint early)
    {
        // The collector lets garbage lie until that is as much as the processor's cache, and keeps the memory for the next. A server that kept a hundred bytes of
        // each request would pass this within a million of them.
        const long Noise = 96 << 20;
        string? Grown(string what, long before, long now, long slack) =>
            now > before + slack ? string.Create(CultureInfo.InvariantCulture, $"{what} grew from {before:n0} to {now:n0}") : null;

        return new[]
        {
            Grown("memory of the server", early.ServerAnonymousBytes, ServerAnonymousBytes, Noise),
            Grown("managed memory of the server", early.ManagedBytes, ManagedBytes, Noise),
            Grown("descriptors of the server", early.ServerDescriptors, ServerDescriptors, 6),
            Grown("threads of the server", early.ServerThreads, ServerThreads, 8),
            Grown("memory of the holder", early.HolderAnonymousBytes, HolderAnonymousBytes, Noise),
            Grown("descriptors of the holder", early.HolderDescriptors, HolderDescriptors, 2),
            Grown("threads of the holder", early.HolderThreads, HolderThreads, 4),
            Grown("memory of the session", early.SessionBytes, SessionBytes, 4 << 20),
            Grown("inodes known to the kernel", early.KnownInodes, KnownInodes, 200),
            Grown("lookups", early.Lookups, Lookups, Math.Max(4000, early.Lookups)),
            Grown("open files", early.OpenFiles, OpenFiles, 40),
        }.OfType<string>();
    }

    private static long Status(int pid, string name) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);

    private static string[] Descriptors(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd");

    private static unsafe long SessionBytesOf(int holderPid)
    {
        var path = Descriptors(holderPid).First(descriptor => File.ResolveLinkTarget(descriptor, false)?.Name.Contains("adit-session", StringComparison.Ordinal) == true);
        StatxBuffer found;
        Assert.Equal(0, Libc.statx(Libc.AT_FDCWD, path, 0, StatxBuffer.STATX_BASIC_STATS, &found));
        return (long)found.stx_blocks * 512;
    }
}
