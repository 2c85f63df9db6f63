using System.Diagnostics;
using Adit.Fuse.Options;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Mounting;

/// <summary>Mounting as an ordinary user: the setuid program fusermount3 mounts and hands the channel over through a socket.</summary>
internal static unsafe class HelperMount
{
    private const string Program = "fusermount3";
    private const int HelperTimeoutMs = 20_000;

    /// <returns>The channel to the kernel, with FUSE_INIT waiting in it.</returns>
    public static FileDescriptor Mount(string mountPoint, MountOptions options)
    {
        int* pair = stackalloc int[2];
        Errno outcome = Libc.Outcome(Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM, 0, pair));
        if (outcome != Errno.Success)
        {
            throw new MountException(outcome, $"a socket to {Program}: {outcome.Message()}");
        }

        // Only the far end is for the program to inherit.
        using FileDescriptor near = new(pair[0]);
        FileDescriptor far = new(pair[1]);
        _ = Libc.fcntl(near.DangerousNumber, Libc.F_SETFD, Libc.FD_CLOEXEC);
        try
        {
            ProcessStartInfo start = new(Program) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
            start.ArgumentList.Add("-o");
            start.ArgumentList.Add(ToWords(options));
            start.ArgumentList.Add("--");
            start.ArgumentList.Add(mountPoint);
            start.Environment["_FUSE_COMMFD"] = far.DangerousNumber.ToString(System.Globalization.CultureInfo.InvariantCulture);
            using Process process = Start(start);
            process.StandardInput.Close();
            far.Dispose();
            int descriptor = ReceiveDescriptor(near);
            string complaint = process.StandardError.ReadToEnd().Trim();
            if (!process.WaitForExit(HelperTimeoutMs))
            {
                process.Kill();
            }

            return descriptor >= 0
                ? new FileDescriptor(descriptor)
                : throw new MountException(Errno.EPERM, $"{Program} could not mount on {mountPoint}: {(complaint.Length > 0 ? complaint : "no reason given")}");
        }
        finally
        {
            far.Dispose();
        }
    }

    /// <summary>Unmounts a mount of the same user.</summary>
    /// <returns>Success, or EBUSY with what the program said.</returns>
    public static Errno Unmount(string mountPoint, bool lazily, out string complaint)
    {
        ProcessStartInfo start = new(Program) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add("-u");
        if (lazily)
        {
            start.ArgumentList.Add("-z");
        }

        start.ArgumentList.Add("--");
        start.ArgumentList.Add(mountPoint);
        using Process process = Start(start);
        process.StandardInput.Close();
        complaint = process.StandardError.ReadToEnd().Trim();
        if (!process.WaitForExit(HelperTimeoutMs))
        {
            process.Kill();
            complaint = $"{Program} did not answer";
            return Errno.ETIMEDOUT;
        }

        return process.ExitCode == 0 ? Errno.Success : Errno.EBUSY;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new MountException(Errno.ENOENT, $"{Program} did not start");
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new MountException(Errno.ENOENT, $"an ordinary user mounts through {Program}, which cannot be run ({exception.Message}): install the package fuse3, or mount as root");
        }
    }

    private static string ToWords(MountOptions options)
    {
        // Commas and backslashes in the name of the volume would end its word.
        string source = options.Source.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);
        List<string> words = [$"fsname={source}", "subtype=adit", "default_permissions", options.ReadOnly ? "ro" : "rw"];
        if (options.AllowOther ?? false)
        {
            words.Add("allow_other");
        }

        if (options.NoExecute)
        {
            words.Add("noexec");
        }

        if (options.Synchronous)
        {
            words.Add("sync");
        }

        if (options.AccessTime == AccessTimePolicy.None)
        {
            words.Add("noatime");
        }

        return string.Join(',', words);
    }

    /// <summary>Waits for the program's one message and takes the descriptor that comes with it.</summary>
    private static int ReceiveDescriptor(FileDescriptor socket)
    {
        // CMSG_SPACE of one descriptor: a header, the number, padding to 8 bytes.
        const int ControlBytes = ControlMessageHeader.SizeBytes + 8;
        const int DescriptorMessageBytes = ControlMessageHeader.SizeBytes + sizeof(int);

        byte payload = 0;
        IoVector part = new(&payload, 1);
        byte* control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        MessageHeader message = new() { msg_iov = &part, msg_iovlen = 1, msg_control = control, msg_controllen = ControlBytes };
        nint received;
        do
        {
            received = Libc.recvmsg(socket.DangerousNumber, &message, Libc.MSG_CMSG_CLOEXEC);
        }
        while (received < 0 && Libc.LastError == Errno.EINTR);

        ControlMessageHeader* header = (ControlMessageHeader*)control;
        bool hasDescriptor = received == 1 && header->cmsg_level == Libc.SOL_SOCKET && header->cmsg_type == Libc.SCM_RIGHTS
            && header->cmsg_len >= DescriptorMessageBytes;
        return hasDescriptor ? *(int*)(control + ControlMessageHeader.SizeBytes) : -1;
    }
}
