using System.ComponentModel;
using System.Diagnostics;
using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>User namespaces as the kernel wants them for an idmapped mount: as descriptors, whoever lives in them.</summary>
internal static class UserNamespace
{
    private const int TimeoutMs = 10_000;

    /// <exception cref="MountException">There is none, or none can be made.</exception>
    public static FileDescriptor Open(IdMap map) => map.NamespacePath is { } path ? OpenAt(path) : Make(map);

    /// <summary>A namespace begins with a process. The shortest-lived one waits for the end of its input, in a namespace of its own, until that is open here.</summary>
    private static FileDescriptor Make(IdMap map)
    {
        ProcessStartInfo start = new("unshare", ["--user", "cat"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start) ?? throw new MountException(Errno.ENOENT, "unshare did not start");
            try
            {
                string own = new FileInfo("/proc/self/ns/user").LinkTarget!;
                string folder = $"/proc/{process.Id}";
                string? others = null;
                if (!SpinWait.SpinUntil(() => process.HasExited || ((others = new FileInfo($"{folder}/ns/user").LinkTarget) is not null && others != own), TimeoutMs) || process.HasExited)
                {
                    string complaint = process.HasExited ? process.StandardError.ReadToEnd().Trim() : "it does not begin";
                    throw new MountException(Errno.EPERM, $"no user namespace can be made for X-mount.idmap: {complaint}");
                }

                Write($"{folder}/uid_map", map.Users);
                Write($"{folder}/gid_map", map.Groups);
                return OpenAt($"{folder}/ns/user");
            }
            finally
            {
                process.StandardInput.Close();
                if (!process.WaitForExit(TimeoutMs))
                {
                    process.Kill();
                }
            }
        }
        catch (Win32Exception exception)
        {
            throw new MountException(Errno.ENOENT, $"X-mount.idmap needs the program unshare of util-linux, which cannot be run: {exception.Message}");
        }
    }

    private static void Write(string path, string lines)
    {
        if (lines.Length == 0)
        {
            return;
        }

        try
        {
            // The kernel takes all of it in one write.
            File.WriteAllText(path, lines);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MountException(Errno.EINVAL, $"X-mount.idmap: the kernel does not take the map \"{lines.Trim().ReplaceLineEndings(", ")}\"; do its pieces overlap? ({exception.Message})");
        }
    }

    private static FileDescriptor OpenAt(string path)
    {
        FileDescriptor opened = Libc.open(path, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        if (!opened.IsInvalid)
        {
            return opened;
        }

        Errno outcome = Libc.LastError;
        opened.Dispose();
        throw new MountException(outcome, $"X-mount.idmap: the user namespace {path}: {outcome.Message()}");
    }
}
