using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.CrashChild;

/// <summary>Copies a tree into a mounted folder again and again, file by file in random order, and acknowledges each file by its path,
/// its length and the hash of its bytes, separated by tabs, once it is synced. Some files get their name by a rename that a sync of
/// their folder makes durable. Ends in order when the mount's server is gone.</summary>
/// <param name="target">The mounted folder.</param>
/// <param name="random">Decides on order, sizes of writes, and renames.</param>
/// <param name="isHasty">Acknowledges without a sync: a promise that nobody made, to see that breaking it is found.</param>
internal sealed class TreeCopier(string target, Random random, bool isHasty)
{
    private const int LargestFile = 4 << 20;
    private const int LargestWrite = 64 << 10;
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(1);

    public static int Run(string source, string target, int seed, bool isHasty)
    {
        Random random = new(seed);
        string[] files = [.. new DirectoryInfo(source).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.LinkTarget is null && file.Length <= LargestFile)
            .Select(file => Path.GetRelativePath(source, file.FullName))
            .Order(StringComparer.Ordinal)];
        TreeCopier copier = new(target, random, isHasty);
        Stopwatch life = Stopwatch.StartNew();
        using Stream output = Console.OpenStandardOutput();
        using StreamWriter acknowledged = new(output) { AutoFlush = true };
        for (int copy = 0; ; copy++)
        {
            random.Shuffle(files);
            foreach (string file in files)
            {
                if (life.Elapsed > LongestLife)
                {
                    return 0;
                }

                byte[] bytes = File.ReadAllBytes(Path.Combine(source, file));
                string path = Path.Combine(copy.ToString(CultureInfo.InvariantCulture), file);
                if (!copier.TryCopy(path, bytes))
                {
                    return 0;
                }

                acknowledged.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}\t{bytes.Length}\t{Convert.ToHexString(SHA256.HashData(bytes))}"));
            }
        }
    }

    /// <returns>False when the mount's server is gone.</returns>
    private bool TryCopy(string path, byte[] bytes)
    {
        string full = Path.Combine(target, path);
        string folder = Path.GetDirectoryName(full)!;
        bool isRenamed = random.Next(4) == 0;
        try
        {
            Directory.CreateDirectory(folder);
            Write(isRenamed ? full + ".new" : full, bytes);
            if (isRenamed)
            {
                File.Move(full + ".new", full);
                SyncFolder(folder);
            }

            return true;
        }
        catch (Exception) when (IsServerGone())
        {
            return false;
        }
    }

    private void Write(string full, byte[] bytes)
    {
        using FileStream file = new(full, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (int done = 0; done < bytes.Length;)
        {
            int part = Math.Min(bytes.Length - done, random.Next(1, LargestWrite));
            file.Write(bytes, done, part);
            done += part;
        }

        Sync(file.SafeFileHandle);
    }

    private void SyncFolder(string folder)
    {
        using FileDescriptor descriptor = Libc.open(folder, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        Sync(descriptor);
    }

    /// <summary>A bare fsync(2): the runtime's own way says nothing of an fsync that the server's death cut short.</summary>
    private void Sync(SafeHandle file)
    {
        if (isHasty)
        {
            return;
        }

        using FileDescriptor descriptor = new((int)file.DangerousGetHandle(), ownsHandle: false);
        Errno outcome = Libc.Outcome(Libc.fsync(descriptor));
        if (outcome != Errno.Success)
        {
            throw new IOException($"fsync: {outcome}");
        }
    }

    /// <summary>Whether the mount answers, asked past the kernel's cache; when it does, what failed has a reason of its own.</summary>
    private unsafe bool IsServerGone()
    {
        const int AT_STATX_FORCE_SYNC = 0x2000;
        StatxBuffer attributes;
        return Libc.Outcome(Libc.statx(Libc.AT_FDCWD, target, AT_STATX_FORCE_SYNC, StatxBuffer.STATX_BASIC_STATS, &attributes))
            is Errno.ENOTCONN or Errno.ECONNABORTED;
    }
}
