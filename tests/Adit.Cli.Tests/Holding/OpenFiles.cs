using Adit.Interop.Linux;

namespace Adit.Cli.Tests.Holding;

/// <summary>Files of a mount that stay open by their descriptor, and what its server says of them.</summary>
internal static unsafe class OpenFiles
{
    public static FileDescriptor Open(string path, int flags)
    {
        var file = Libc.open(path, flags | OpenFlags.O_CLOEXEC, 0x1A4);
        Assert.False(file.IsInvalid, $"{path}: {Libc.LastError}");
        return file;
    }

    /// <summary>What the server says, not what the kernel remembers; in whole seconds.</summary>
    public static DateTime ModifyTime(string path) => DateTimeOffset.FromUnixTimeSeconds(Stat(path).stx_mtime_sec).UtcDateTime;

    /// <inheritdoc cref="ModifyTime"/>
    public static DateTime AccessTime(string path) => DateTimeOffset.FromUnixTimeSeconds(Stat(path).stx_atime_sec).UtcDateTime;

    public static void Write(FileDescriptor file, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            Assert.Equal(bytes.Length, (int)Libc.pwrite(file, start, (nuint)bytes.Length, 0));
        }
    }

    public static string Read(FileDescriptor file)
    {
        var bytes = new byte[100];
        fixed (byte* start = bytes)
        {
            var count = (int)Libc.pread(file, start, 100, 0);
            Assert.True(count >= 0, Libc.LastError.ToString());
            return System.Text.Encoding.UTF8.GetString(bytes, 0, count);
        }
    }

    private static StatxBuffer Stat(string path)
    {
        const int AT_STATX_FORCE_SYNC = 0x2000;
        StatxBuffer found;
        Assert.Equal(0, Libc.statx(Libc.AT_FDCWD, path, AT_STATX_FORCE_SYNC, StatxBuffer.STATX_BASIC_STATS, &found));
        return found;
    }
}
