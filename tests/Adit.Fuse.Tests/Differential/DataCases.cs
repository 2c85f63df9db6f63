using System.Runtime.InteropServices;
using System.Text;
using Adit.Fuse.Tests.Clients;

namespace Adit.Fuse.Tests.Differential;

/// <summary>Bytes, holes and sizes; copying; mapping; programs; locks; reading directories while they change; controls.</summary>
internal static unsafe class DataCases
{
    private const int ReadWrite = 2;
    private const int Page = 4096;

    public static void All(PosixCalls c)
    {
        Reading(c);
        Sizes(c);
        Holes(c);
        Allocating(c);
        Copying(c);
        Vectors(c);
        Direct(c);
        Mapping(c);
        Programs(c);
        Locks(c);
        LockOwners(c);
        DirectoryReading(c);
        DirectoryChanging(c);
        FileSystem(c);
        Controls(c);
        Limits(c);
        Handles(c);
    }

    private static void Reading(PosixCalls c)
    {
        c.Begin("read-write");
        long fd = c.Open("f", ReadWrite | 0x40);
        c.Write(fd, "hello");
        c.Seek(fd, 0, 1);
        c.Write(fd, " world");
        c.Seek(fd, 0, 0);
        c.PRead(fd, 100, 0);
        c.PRead(fd, 5, 100);
        c.PRead(fd, 0, 0);
        c.PRead(fd, 5, -1);
        c.PWrite(fd, "x", -1);
        c.Seek(fd, -1, 0);
        c.Seek(fd, 5, 2);
        c.Seek(fd, -100, 2);
        c.Seek(fd, 0, 7);
        c.Seek(fd, long.MaxValue, 0);
        c.Seek(fd, 1, 1);
        c.PWrite(fd, "far", 100_000);
        c.FStat(fd);
        c.PRead(fd, 10, 99_995);
        c.Close(fd);
        fd = c.Open("f", 1 | 0x400);
        c.Write(fd, "appended");
        c.PWrite(fd, "also", 0);
        c.Seek(fd, 0, 1);
        c.PRead(fd, 1, 0);
        c.FStat(fd);
        c.Close(fd);
        fd = c.Open("f", 0);
        c.PWrite(fd, "x", 0);
        c.FTruncate(fd, 0);
        c.PRead(fd, 8, 100_003);
        c.Close(fd);
        c.PRead(fd, 8, 0);
        byte[] bytes = new byte[10];
        long bad = c.Quiet("f", ReadWrite);
        c.Note("read to nowhere", Kernel.Call(17, (nint)bad, 8, 10, 0));
        c.Note("write from nowhere", Kernel.Call(18, (nint)bad, 8, 10, 0));
        c.Note("read past everything", Kernel.Call(17, (nint)bad, Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0), 10, nint.MaxValue));
        c.Note("write past everything", Kernel.Call(18, (nint)bad, Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0), 10, nint.MaxValue));
        c.Close(bad);
        long dir = c.Quiet(".", 0x10000);
        c.PRead(dir, 10, 0);
        c.FTruncate(dir, 0);
        c.Note("fsync of a directory", Kernel.Call(74, (nint)dir));
        c.Note("fdatasync of a directory", Kernel.Call(75, (nint)dir));
        c.Note("syncfs", Kernel.Call(306, (nint)dir));
        c.Close(dir);
    }

    private static void Sizes(PosixCalls c)
    {
        c.Begin("truncate");
        c.File("f", new string('x', 10_000));
        foreach (long size in (long[])[5000, 4096, 4095, 4097, 1, 0, 8192, 12_288, 1L << 20, 1L << 32, 5])
        {
            c.Truncate("f", size);
            c.Stat("f");
        }

        long fd = c.Open("f", ReadWrite);
        c.FTruncate(fd, 20_000);
        c.PRead(fd, 16, 0);
        c.PRead(fd, 16, 4090);
        c.PWrite(fd, "z", 9000);
        c.FTruncate(fd, 9001);
        c.FTruncate(fd, 8999);
        c.FTruncate(fd, 9002);
        c.PRead(fd, 16, 8995);
        c.FTruncate(fd, -1);
        c.Truncate("f", -1);
        c.FStat(fd);
        c.Close(fd);
        c.As(1000, 1000, () => c.Truncate("f", 0));
        c.MkNod("fifo", 0x11FF);
        c.Truncate("fifo", 0);
    }

    private static void Holes(PosixCalls c)
    {
        const int Data = 3;
        const int Hole = 4;
        c.Begin("holes");
        long fd = c.Open("f", ReadWrite | 0x40);
        c.Seek(fd, 0, Data);
        c.Seek(fd, 0, Hole);
        c.PWrite(fd, new string('d', Page), 5 * Page);
        c.FTruncate(fd, 20 * Page);
        foreach (long at in (long[])[0, 1, 5 * Page, (5 * Page) + 1, (6 * Page) - 1, 6 * Page, (20 * Page) - 1, 20 * Page, 30 * Page, -1])
        {
            c.Seek(fd, at, Data);
            c.Seek(fd, at, Hole);
        }

        c.FAllocate(fd, 3, (5 * Page) + 100, 200);
        c.Seek(fd, 0, Data);
        c.FAllocate(fd, 3, 5 * Page, Page);
        c.Seek(fd, 0, Data);
        c.PWrite(fd, "end", 20 * Page);
        c.Seek(fd, 0, Data);
        c.Seek(fd, 20 * Page, Hole);
        c.FStat(fd);
        c.Close(fd);
    }

    private static void Allocating(PosixCalls c)
    {
        c.Begin("fallocate");
        foreach (int mode in (int[])[0, 1, 2, 3, 4, 9, 0x10, 0x11, 0x12, 0x21, 0x41, 0x80, 0x100])
        {
            long fd = c.Open("f", ReadWrite | 0x240);
            c.PWrite(fd, new string('a', 3 * Page), 0);
            c.FAllocate(fd, mode, Page, Page);
            c.FStat(fd);
            c.PRead(fd, 4, Page);
            c.PRead(fd, 4, 2 * Page);
            c.FAllocate(fd, mode, 100, 5000);
            c.PRead(fd, 4, 98);
            c.PRead(fd, 4, 5098);
            c.FAllocate(fd, mode, 2 * Page, 4 * Page);
            c.FStat(fd);
            c.FAllocate(fd, mode, -1, 10);
            c.FAllocate(fd, mode, 0, 0);
            c.FAllocate(fd, mode, 0, -1);
            c.FAllocate(fd, mode, long.MaxValue - 10, 100);
            c.FAllocate(fd, mode, 100 * Page, Page);
            c.FStat(fd);
            c.Close(fd);
        }

        foreach (int mode in (int[])[8, 0x20, 0x40])
        {
            long fd = c.Quiet("g", ReadWrite | 0x240);
            c.PWrite(fd, new string('a', 3 * Page), 0);
            c.FAllocate(fd, mode, Page, Page);
            c.Close(fd);
        }

        long closed = c.Quiet("f", 0);
        c.FAllocate(closed, 0, 0, 10);
        c.Close(closed);
        long dir = c.Quiet(".", 0x10000);
        c.FAllocate(dir, 0, 0, 10);
        c.Close(dir);
        c.MkNod("fifo", 0x11FF);
        long fifo = c.Quiet("fifo", ReadWrite | 0x800);
        c.FAllocate(fifo, 0, 0, 10);
        c.Close(fifo);
        long append = c.Quiet("f", 0x401);
        c.FAllocate(append, 0, 0, 50 * Page);
        c.FAllocate(append, 3, 0, Page);
        c.Close(append);
        long big = c.Quiet("f", ReadWrite);
        c.FAllocate(big, 0, 0, 1L << 40);
        c.FAllocate(big, 1, 0, 1L << 40);
        c.FTruncate(big, 0);
        c.Close(big);
        c.Note("posix_fadvise", Kernel.Call(221, (nint)c.Quiet("f", 0), 0, 0, 4));
    }

    private static void Copying(PosixCalls c)
    {
        c.Begin("copy");
        c.File("a", "0123456789");
        long a = c.Open("a", ReadWrite);
        long b = c.Open("b", ReadWrite | 0x40);
        c.CopyRange(a, 0, b, 0, 10);
        c.CopyRange(a, 5, b, 20, 100);
        c.CopyRange(a, 10, b, 0, 10);
        c.CopyRange(a, 100, b, 0, 10);
        c.CopyRange(a, null, b, null, 4);
        c.Seek(a, 0, 1);
        c.Seek(b, 0, 1);
        c.CopyRange(a, null, b, null, 100);
        c.Seek(a, 0, 1);
        c.FStat(b);
        c.PRead(b, 30, 0);
        c.CopyRange(a, 0, a, 5, 10);
        c.CopyRange(a, 0, a, 10, 10);
        c.CopyRange(a, 0, a, 5, 5);
        c.CopyRange(a, -1, b, 0, 10);
        c.CopyRange(a, 0, b, -1, 10);
        c.CopyRange(a, 0, b, long.MaxValue - 5, 10);
        c.CopyRange(a, 0, b, 0, 0);
        c.CopyRange(a, 0, b, 0, 10, flags: 1);
        long readOnly = c.Quiet("b", 0);
        c.CopyRange(a, 0, readOnly, 0, 1);
        long writeOnly = c.Quiet("a", 1);
        c.CopyRange(writeOnly, 0, b, 0, 1);
        long append = c.Quiet("b", 0x402);
        c.CopyRange(a, 0, append, 0, 1);
        long dir = c.Quiet(".", 0x10000);
        c.CopyRange(dir, 0, b, 0, 1);
        c.CopyRange(a, 0, dir, 0, 1);
        c.MkNod("fifo", 0x11FF);
        long fifo = c.Quiet("fifo", ReadWrite | 0x800);
        c.CopyRange(a, 0, fifo, 0, 1);
        c.Note("sendfile", Kernel.Call(40, (nint)b, (nint)a, 0, 5));
        c.FStat(b);
        foreach (long fd in (long[])[a, b, readOnly, writeOnly, append, dir, fifo])
        {
            c.Close(fd);
        }
    }

    private static void Vectors(PosixCalls c)
    {
        c.Begin("vectors");
        long fd = c.Open("f", ReadWrite | 0x40);
        byte[] bytes = Encoding.Latin1.GetBytes("abcdefghij");
        fixed (byte* start = bytes)
        {
            nint* parts = stackalloc nint[6];
            (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]) = ((nint)start, 3, 0, 0, (nint)start + 5, 4);
            c.Note("pwritev", Kernel.Call(296, (nint)fd, (nint)parts, 3, 2, 0));
            c.Note("preadv", Kernel.Call(295, (nint)fd, (nint)parts, 3, 0, 0));
            c.Note("writev none", Kernel.Call(20, (nint)fd, (nint)parts, 0));
            c.Note("writev many", Kernel.Call(20, (nint)fd, (nint)parts, 2000));
            foreach (int flags in (int[])[0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100])
            {
                long written = Kernel.Call(328, (nint)fd, (nint)parts, 1, 0, 0, flags);
                c.Note($"pwritev2 {flags:x}", written);
            }

            foreach (int flags in (int[])[0, 1, 2])
            {
                c.Note($"preadv2 {flags:x}", Kernel.Call(327, (nint)fd, (nint)parts, 1, 0, 0, flags));
            }

            c.Note("pwritev2 at the position", Kernel.Call(328, (nint)fd, (nint)parts, 1, -1, -1, 0));
        }

        c.FStat(fd);
        c.Close(fd);
    }

    private static void Direct(PosixCalls c)
    {
        c.Begin("direct");
        long fd = c.Open("f", ReadWrite | 0x4040);
        byte* block = (byte*)NativeMemory.AlignedAlloc(2 * Page, Page);
        new Span<byte>(block, 2 * Page).Fill((byte)'d');
        c.Note("direct write", Kernel.Call(18, (nint)fd, (nint)block, Page, 0));
        c.Note("direct read", Kernel.Call(17, (nint)fd, (nint)block, 2 * Page, 0));
        c.Note("direct read behind", Kernel.Call(17, (nint)fd, (nint)block, Page, Page));
        c.FTruncate(fd, 5000);
        c.Note("direct read at the end", Kernel.Call(17, (nint)fd, (nint)block, Page, Page));
        c.FStat(fd);
        c.Close(fd);
        foreach (int flags in (int[])[0x1000, 0x101000])
        {
            fd = c.Open("f", ReadWrite | flags);
            c.PWrite(fd, "sync", 0);
            c.Close(fd);
        }

        NativeMemory.AlignedFree(block);
    }

    private static void Mapping(PosixCalls c)
    {
        c.Begin("mmap");
        c.File("f", new string('m', 5000), 0x1B6);
        long fd = c.Open("f", ReadWrite);
        foreach ((int protection, int flags) in (IEnumerable<(int, int)>)[(1, 1), (3, 1), (3, 2), (7, 1), (0, 1), (3, 3)])
        {
            long address = Kernel.Call(9, 0, 2 * Page, protection, flags, (nint)fd, 0);
            c.Opened($"mmap {protection} {flags}", address is < 0 and > -4096 ? address : 1);
            if (address is > 0 or < -4096)
            {
                Kernel.Unmap(address, 2 * Page);
            }
        }

        long map = Kernel.Map(fd, 2 * Page, isShared: true);
        byte* bytes = (byte*)map;
        bytes[10] = (byte)'X';
        c.PRead(fd, 4, 9);
        c.Note($"behind the end {bytes[5001]}");
        bytes[5001] = 5;
        c.Note("msync", Kernel.Sync(map, 2 * Page));
        c.FTruncate(fd, 6000);
        c.PRead(fd, 4, 5000);
        c.Note($"mapped {bytes[5001]}");
        c.PWrite(fd, "Y", 20);
        c.Note($"mapped {bytes[20]}");
        c.FAllocate(fd, 3, 0, Page);
        c.Note($"mapped {bytes[20]}");
        c.Moves("mapped store", ["f"], () =>
        {
            bytes[30] = 1;
            c.Note("msync", Kernel.Sync(map, 2 * Page));
        });
        c.FStat(fd);
        Kernel.Unmap(map, 2 * Page);
        c.Close(fd);
        long readOnly = c.Quiet("f", 0);
        c.Note("shared store of what is open for reading", Kernel.Call(9, 0, Page, 3, 1, (nint)readOnly, 0));
        long dir = c.Quiet(".", 0x10000);
        c.Note("mmap of a directory", Kernel.Call(9, 0, Page, 1, 1, (nint)dir, 0));
        c.Close(readOnly);
        c.Close(dir);
        fd = c.Quiet("f", ReadWrite);
        c.Note("MAP_SYNC", Kernel.Call(9, 0, Page, 3, 0x80003, (nint)fd, 0));
        c.Close(fd);
    }

    private static void Programs(PosixCalls c)
    {
        c.Begin("exec");
        File.Copy("/bin/sleep", c.At("sleep"), overwrite: true);
        c.Chmod("sleep", 0x1ED);
        c.Close(c.Open("sleep", 0));
        using (System.Diagnostics.Process running = System.Diagnostics.Process.Start(c.At("sleep"), "20"))
        {
            c.Open("sleep", 1);
            c.Open("sleep", 0x201);
            c.Truncate("sleep", 0);
            c.Unlink("sleep");
            running.Kill();
            running.WaitForExit(5000);
        }

        c.File("script", "#!/bin/true\n", 0x1ED);
        long writer = c.Quiet("script", 1);
        c.Note("exec of what is written", Execute(c.At("script")));
        c.Close(writer);
        c.Note("exec", Execute(c.At("script")));
        c.Chmod("script", 0x1A4);
        c.Note("exec without the bit", Execute(c.At("script")));
        c.MkDir("d");
        c.Note("exec of a directory", Execute(c.At("d")));
    }

    private static long Execute(string path)
    {
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(path) { UseShellExecute = false })!;
            process.WaitForExit(5000);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return -exception.NativeErrorCode;
        }
    }

    private static void Locks(PosixCalls c)
    {
        c.Begin("locks");
        c.File("f", "0123456789");
        long a = c.Open("f", ReadWrite);
        long b = c.Open("f", ReadWrite);
        long r = c.Open("f", 0);
        c.Note("flock a", Kernel.Call(73, (nint)a, 2));
        c.Note("flock b", Kernel.Call(73, (nint)b, 2 | 4));
        c.Note("flock b shared", Kernel.Call(73, (nint)b, 1 | 4));
        c.Note("flock a to shared", Kernel.Call(73, (nint)a, 1));
        c.Note("flock b shared", Kernel.Call(73, (nint)b, 1 | 4));
        c.Note("flock a to exclusive", Kernel.Call(73, (nint)a, 2 | 4));
        c.Note("unlock b", Kernel.Call(73, (nint)b, 8));
        c.Note("flock bad", Kernel.Call(73, (nint)b, 0));
        c.Note("unlock a", Kernel.Call(73, (nint)a, 8));
        foreach (int command in (int[])[6, 37])
        {
            c.Note($"lock a {command}", Lock(a, command, 1, 0, 5));
            c.Note("lock b overlapping", Lock(b, 37, 1, 3, 5));
            c.Note("lock b behind", Lock(b, 37, 1, 5, 5));
            c.Note("lock r for writing", Lock(r, 37, 1, 20, 5));
            c.Note("lock r for reading", Lock(r, 37, 0, 5, 2));
            c.Note("get from b", GetLock(b, 0, 10));
            c.Note("unlock a", Lock(a, command, 2, 0, 0));
            c.Note("unlock b", Lock(b, 37, 2, 0, 0));
        }

        c.Note("negative start", Lock(a, 6, 1, -1, 5));
        c.Note("bad type", Lock(a, 6, 9, 0, 5));
        foreach (long fd in (long[])[a, b, r])
        {
            c.Close(fd);
        }
    }

    private static void LockOwners(PosixCalls c)
    {
        c.Begin("lock-owners");
        c.File("f", "0123456789");
        long a = c.Open("f", ReadWrite);
        c.Note("lock", Lock(a, 6, 1, 0, 5));
        string holder = $"exec 9<>{c.At("f")}; flock -n 9 && echo got || echo none";
        c.Note($"another process flocks: {Shell(holder)}");
        c.Note("flock", Kernel.Call(73, (nint)a, 2));
        c.Note($"another process flocks: {Shell(holder)}");
        long again = c.Quiet("f", 0);
        c.Close(again);
        c.Note("any close drops posix locks", GetLock(a, 0, 10));

        // A wait for a lock is ended by a signal.
        using System.Diagnostics.Process waiter = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("timeout") { ArgumentList = { "-s", "TERM", "0.3", "flock", c.At("f"), "true" } })!;
        c.Note($"waiting flock ended: {waiter.WaitForExit(10_000)} {(waiter.HasExited ? waiter.ExitCode : -1)}");
        c.Close(a);
        c.Note($"after close: {Shell(holder)}");
    }

    private static string Shell(string script)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("bash") { ArgumentList = { "-c", script }, RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit(5000);
        return output;
    }

    private static long Lock(long fd, int command, short type, long start, long length)
    {
        FileLock what = new() { Type = type, Start = start, Length = length };
        return Kernel.Call(72, (nint)fd, command, (nint)(&what));
    }

    private static long GetLock(long fd, long start, long length)
    {
        FileLock what = new() { Type = 1, Start = start, Length = length };
        long result = Kernel.Call(72, (nint)fd, 36, (nint)(&what));
        return result < 0 ? result : what.Type;
    }

    private static void DirectoryReading(PosixCalls c)
    {
        c.Begin("readdir");
        c.MkDir("d");
        for (int i = 0; i < 300; i++)
        {
            c.File($"d/file{i:d4}");
        }

        c.MkDir("d/dir");
        c.SymLink("x", "d/link");
        c.MkNod("d/fifo", 0x11A4);
        c.MkNod("d/sock", 0xC1A4);
        c.MkNod("d/dev", 0x21A4, 0x103);
        long fd = c.Open("d", 0x10000);
        List<(string Name, long Offset, int Type)> all = List(fd, int.MaxValue);
        c.Note($"entries {all.Count} distinct {all.Select(e => e.Name).Distinct().Count()}");
        foreach (string name in (string[])[".", "..", "dir", "link", "fifo", "sock", "dev", "file0001"])
        {
            c.Note($"type of {name}: {all.Single(e => e.Name == name).Type}");
        }

        c.Note("at the end", List(fd, int.MaxValue).Count);
        c.Seek(fd, 0, 0);
        c.Note("again", List(fd, int.MaxValue).Count);
        for (int i = 0; i < all.Count; i += 37)
        {
            Kernel.Call(8, (nint)fd, (nint)all[i].Offset, 0);
            List<(string Name, long Offset, int Type)> rest = List(fd, int.MaxValue);
            c.Note($"from {i}: {rest.Count} {rest.Select(e => e.Name).SequenceEqual(all.Skip(i + 1).Select(e => e.Name))}");
        }

        c.Note("getdents into too little", Kernel.Call(217, (nint)fd, (nint)NativeMemory.Alloc(8), 8));
        c.Close(fd);
        long file = c.Quiet("d/file0000", 0);
        c.Note("getdents of a file", Kernel.Call(217, (nint)file, (nint)NativeMemory.Alloc(800), 800));
        c.Close(file);
    }

    private static void DirectoryChanging(PosixCalls c)
    {
        c.Begin("readdir-change");
        c.MkDir("d");
        for (int i = 0; i < 400; i++)
        {
            c.File($"d/keep{i:d4}");
            c.File($"d/gone{i:d4}");
        }

        long fd = c.Open("d", 0x10000);
        List<string> seen = [.. List(fd, 1).Select(e => e.Name)];
        for (int i = 0; i < 400; i++)
        {
            Kernel.Unlink(c.At($"d/gone{i:d4}"));
            c.File($"d/new{i:d4}");
            if (i % 40 == 0)
            {
                seen.AddRange(List(fd, 1).Select(e => e.Name));
            }
        }

        seen.AddRange(List(fd, int.MaxValue).Select(e => e.Name));
        IEnumerable<string> kept = seen.Where(name => name.StartsWith("keep", StringComparison.Ordinal)).ToArray();
        c.Note($"kept ones seen {kept.Count()} distinct {kept.Distinct().Count()}, any twice {seen.Count != seen.Distinct().Count()}");
        c.Close(fd);

        // Removing while reading, as rm -r does.
        fd = c.Open("d", 0x10000);
        for (int round = 0; round < 1000; round++)
        {
            List<(string Name, long Offset, int Type)> some = List(fd, 1);
            if (some.Count == 0)
            {
                break;
            }

            foreach ((string name, _, _) in some.Where(e => e.Name is not ("." or "..")))
            {
                Kernel.Unlink(c.At($"d/{name}"));
            }
        }

        c.Close(fd);
        c.RmDir("d");
    }

    private static List<(string Name, long Offset, int Type)> List(long fd, int calls)
    {
        List<(string, long, int)> entries = [];
        byte* buffer = (byte*)NativeMemory.Alloc(2048);
        for (int call = 0; call < calls; call++)
        {
            long got = Kernel.Call(217, (nint)fd, (nint)buffer, 2048);
            if (got <= 0)
            {
                break;
            }

            for (byte* at = buffer; at < buffer + got; at += *(ushort*)(at + 16))
            {
                entries.Add((Marshal.PtrToStringUTF8((nint)(at + 19))!, *(long*)(at + 8), at[18]));
            }
        }

        NativeMemory.Free(buffer);
        return entries;
    }

    private static void FileSystem(PosixCalls c)
    {
        c.Begin("statfs");
        long* buffer = stackalloc long[16];
        nint place = (nint)buffer;
        c.Note("statfs", Kernel.WithPath(c.At("."), p => Kernel.Call(137, p, place)));
        c.Note($"block {buffer[1]} name {buffer[8]} has blocks {buffer[2] > 0} free {buffer[3] > 0} available {buffer[4] > 0} files {buffer[5] > 0} free files {buffer[6] > 0} sane {buffer[3] <= buffer[2] && buffer[4] <= buffer[3] && buffer[6] <= buffer[5]}");
        c.Note($"flags {buffer[10]:x}");
        long filesBefore = CountFiles(c, place);
        long freeBefore = buffer[3];
        c.File("f", new string('x', 1 << 20));
        Kernel.WithPath(c.At("."), p => Kernel.Call(306, (nint)c.Quiet(".", 0x10000)));
        long files = CountFiles(c, place) - filesBefore;
        c.Note($"a file of 1 MiB takes about that: {freeBefore - buffer[3] is >= 256 and < 300}, an inode {files}");
        c.Unlink("f");
        c.Note($"inodes left {CountFiles(c, place) - filesBefore}");
    }

    /// <summary>Files of the file system, once their number stays: the kernel tells a FUSE server of a close after close(2) has returned, and
    /// a file without a name goes with it.</summary>
    /// <param name="place">Where statfs(2) puts its answer.</param>
    private static long CountFiles(PosixCalls c, nint place)
    {
        long* answer = (long*)place;
        long count = -1;
        for (int same = 0; same < 5;)
        {
            Kernel.WithPath(c.At("."), p => Kernel.Call(137, p, place));
            long now = answer[5] - answer[6];
            same = now == count ? same + 1 : 0;
            count = now;
            Thread.Sleep(20);
        }

        return count;
    }

    private static void Controls(PosixCalls c)
    {
        c.Begin("ioctl");
        c.File("f", "x");
        c.MkDir("d");
        byte* argument = (byte*)NativeMemory.AllocZeroed(4096);
        foreach (string path in (string[])["f", "d"])
        {
            long fd = c.Quiet(path, 0);
            foreach (uint request in (uint[])[0x5401, 0x1234, 0x80081272, 0x1277, 0x5421])
            {
                c.Control(fd, request, (nint)argument);
            }

            c.Control(fd, 0x80086601, (nint)argument);
            c.Control(fd, 0x80086601, 8);
            c.Close(fd);
        }

        int available = -1;
        long file = c.Quiet("f", 0);
        c.Control(file, 0x541B, (nint)(&available));
        c.Note($"FIONREAD {available}");
        c.Note("fcntl get flags", Kernel.Call(72, (nint)file, 3));
        c.Note("fcntl set append", Kernel.Call(72, (nint)file, 4, 0x400));
        c.Note("fcntl get flags", Kernel.Call(72, (nint)file, 3));
        c.Note("fcntl lease", Kernel.Call(72, (nint)file, 1024, 0));
        c.Note("fcntl get lease", Kernel.Call(72, (nint)file, 1025));
        c.Note("fcntl drop lease", Kernel.Call(72, (nint)file, 1024, 2));
        c.Note("poll", Poll(file));
        c.Close(file);
        NativeMemory.Free(argument);
    }

    private static long Poll(long fd)
    {
        long entry = (uint)fd | (5L << 32);
        return Kernel.Call(7, (nint)(&entry), 1, 0) < 0 ? -1 : entry >> 48;
    }

    private static void Limits(PosixCalls c)
    {
        c.Begin("limits");
        long fd = c.Open("f", ReadWrite | 0x40);
        foreach (int shift in (int[])[40, 42, 43])
        {
            c.FTruncate(fd, 1L << shift);
            c.PWrite(fd, "x", (1L << shift) - 1);
        }

        c.FStat(fd);
        c.FTruncate(fd, 0);

        // RLIMIT_FSIZE with SIGXFSZ ignored is EFBIG.
        c.Note($"over the limit: {Shell($"trap '' XFSZ; ulimit -f 4; exec 3>{c.At("g")}; dd if=/dev/zero bs=1024 count=10 >&3 2>/dev/null; echo $?; stat -c %s {c.At("g")}; truncate -s 100000 {c.At("g")} 2>/dev/null; echo $?").Replace('\n', ' ')}");
        c.Close(fd);
    }

    private static void Handles(PosixCalls c)
    {
        c.Begin("handles");
        c.File("f", "x");
        c.MkDir("d");
        byte* handle = stackalloc byte[256];
        int id = 0;
        nint place = (nint)handle;
        nint idPlace = (nint)(&id);
        foreach (string path in (string[])["f", "d"])
        {
            *(int*)handle = 128;
            c.Note($"name_to_handle_at {path}", Kernel.WithPath(c.At(path), p => Kernel.Call(303, Kernel.AtFdCwd, p, place, idPlace, 0)));
            long dir = c.Quiet(".", 0x10000);
            long opened = Kernel.Call(304, (nint)dir, place, 0);
            c.Opened($"open_by_handle_at {path}", opened);
            c.FStat(opened);
            c.Close(opened);
            c.Close(dir);
        }

        *(int*)handle = 128;
        Kernel.WithPath(c.At("f"), p => Kernel.Call(303, Kernel.AtFdCwd, p, place, idPlace, 0));
        c.Unlink("f");
        long folder = c.Quiet(".", 0x10000);
        c.Opened("open_by_handle_at of what is gone", Kernel.Call(304, (nint)folder, place, 0));
        c.Close(folder);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }
}
