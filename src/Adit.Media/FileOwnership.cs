using System.Diagnostics;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Media;

/// <summary>Keeps a volume to one writer, or to any number of readers: an flock on its file or device. It goes with
/// the descriptor, so that a killed owner leaves nothing behind.</summary>
internal static class FileOwnership
{
    /// <summary>How long an owner that is closing, or a child that was forked while the descriptor was open and has
    /// not reached its exec, may take.</summary>
    private const int GraceMs = 250;

    private const int PollMs = 5;

    /// <summary>Takes the ownership of an open file.</summary>
    /// <param name="file">The open file. Ownership lasts until it is closed.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="shared">For one of several readers.</param>
    /// <param name="wait">Give an owner that is just closing a moment.</param>
    /// <exception cref="MediumException">EBUSY: someone else has it. The message names the process and what to type.</exception>
    public static void Take(FileDescriptor file, string path, bool shared, bool wait)
    {
        int operation = (shared ? Libc.LOCK_SH : Libc.LOCK_EX) | Libc.LOCK_NB;
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Errno outcome = Libc.Outcome(Libc.flock(file, operation));
            switch (outcome)
            {
                case Errno.Success:
                    return;
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN when wait && Stopwatch.GetElapsedTime(started).TotalMilliseconds < GraceMs:
                    Thread.Sleep(PollMs);
                    continue;
                case Errno.EAGAIN:
                    throw new MediumException(Errno.EBUSY, Refusal(file, path));
                default:
                    throw new MediumException(outcome, $"{path}: cannot lock it: {outcome.Message()}.");
            }
        }
    }

    private static string Refusal(FileDescriptor file, string path)
    {
        int? owner = FindOwner(file);
        if (owner is null)
        {
            return $"{path} is in use by another process. To see which: fuser -v {path}";
        }

        if (owner == Environment.ProcessId)
        {
            return $"{path} is already open in this process ({owner}). Close that volume first.";
        }

        string command = CommandOf(owner.Value);
        return $"{path} is in use by process {owner}{command}. Go through that process, or end it: kill {owner}";
    }

    /// <summary>The process that took the lock, as the kernel lists it: <c>1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF</c>.</summary>
    internal static int? FindOwner(FileDescriptor file)
    {
        if (Libc.Stat(file, out StatxBuffer attributes) != Errno.Success)
        {
            return null;
        }

        string place = $"{attributes.stx_dev_major:x2}:{attributes.stx_dev_minor:x2}:{attributes.stx_ino}";
        foreach (string line in File.ReadLines("/proc/locks"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [_, "FLOCK", _, _, string pid, string where, ..] && where == place
                && int.TryParse(pid, out int owner) && owner > 0)
            {
                return owner;
            }
        }

        return null;
    }

    private static string CommandOf(int pid)
    {
        try
        {
            string command = File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0').Replace('\0', ' ');
            return command.Length == 0 ? "" : $" ({command})";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process has just ended, or belongs to someone else: its number alone has to do.
            return "";
        }
    }
}
