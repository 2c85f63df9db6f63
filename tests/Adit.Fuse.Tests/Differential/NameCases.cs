namespace Adit.Fuse.Tests.Differential;

/// <summary>Opening, making, linking, moving and removing names.</summary>
internal static class NameCases
{
    private const int WriteOnly = 1;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int Truncate = 0x200;
    private const int Append = 0x400;
    private const int Directory = 0x10000;
    private const int NoFollow = 0x20000;
    private const int PathOnly = 0x200000;
    private const int Temporary = 0x400000 | Directory;
    private static readonly string Name255 = new('n', 255);
    private static readonly string Name256 = new('n', 256);

    public static void All(PosixCalls c)
    {
        OpenFlags(c);
        OpenKinds(c);
        Temporaries(c);
        Paths(c);
        Links(c);
        SymbolicLinks(c);
        SpecialFiles(c);
        Directories(c);
        Unlinking(c);
        Renaming(c);
        RenamingDirectories(c);
        RenamingWithFlags(c);
        Sticky(c);
        Times(c);
    }

    private static void OpenFlags(PosixCalls c)
    {
        c.Begin("open-flags");
        c.File("f", "0123456789");
        foreach (int flags in (int[])[0, WriteOnly, ReadWrite, 3, Create, Create | Exclusive, Truncate, WriteOnly | Truncate, ReadWrite | Append, Directory, NoFollow, PathOnly, Create | Directory, 0x4000, 0x101000, 0x40000])
        {
            c.File("f", "0123456789");
            long fd = c.Open("f", flags);
            if (fd >= 0)
            {
                c.FStat(fd);
                c.PRead(fd, 4, 0);
                c.PWrite(fd, "ab", 2);
                c.Write(fd, "cd");
                c.FTruncate(fd, 5);
                c.FAllocate(fd, 0, 0, 10);
                c.Seek(fd, 3, 0);
                c.FChmod(fd, 0x1B6);
                c.Close(fd);
            }
        }

        c.Open("none", 0);
        c.Open("none", Exclusive);
        c.Touch("new", Create | Exclusive | WriteOnly, 0);
        c.Stat("new");
        c.Open("new", Create | Exclusive);
        c.Open("f/x", Create);
        c.Open("f/", 0);
        c.Open("new2/", Create);
        c.Open("d", Create | Directory | Exclusive);
        c.MkDir("d");
        foreach (int flags in (int[])[0, WriteOnly, ReadWrite, Create, Truncate, Directory, WriteOnly | Directory, PathOnly | Directory, Create | Exclusive])
        {
            c.Close(c.Open("d", flags));
        }
    }

    private static void OpenKinds(PosixCalls c)
    {
        c.Begin("open-kinds");
        c.File("f", "x");
        c.SymLink("f", "link");
        c.SymLink("none", "dangling");
        c.SymLink("loop", "loop");
        c.MkNod("fifo", 0x1000 | 0x1A4);
        c.MkNod("sock", 0xC000 | 0x1A4);
        c.MkNod("null", 0x2000 | 0x1B6, 0x103);
        c.MkNod("nodev", 0x6000 | 0x1B6, 0xFA00);
        c.Close(c.Open("link", NoFollow));
        c.Close(c.Open("link", PathOnly | NoFollow));
        c.Close(c.Open("link", ReadWrite));
        c.Open("dangling", ReadWrite);
        c.Open("dangling", Create | Exclusive);
        c.Close(c.Open("dangling", Create | ReadWrite));
        c.Stat("none");
        c.Open("loop", 0);
        c.Stat("loop", follow: true);
        c.Open("loop/x", 0);
        c.Open("sock", ReadWrite);
        c.Open("fifo", WriteOnly | 0x800);
        long fifo = c.Open("fifo", ReadWrite | 0x800);
        c.Write(fifo, "abc");
        c.Seek(fifo, 0, 0);
        c.FTruncate(fifo, 0);
        c.Close(fifo);
        c.Truncate("fifo", 0);
        long zero = c.Open("null", ReadWrite);
        c.Write(zero, "abc");
        c.PRead(zero, 4, 0);
        c.Close(zero);
        c.Open("nodev", 0);
        c.Truncate("null", 0);
        c.Stat("null");
        c.Stat("nodev");
        c.Stat("fifo");
        c.Stat("sock");
    }

    private static void Temporaries(PosixCalls c)
    {
        c.Begin("tmpfile");
        long fd = c.Open(".", Temporary | ReadWrite, 0x1A0);
        c.FStat(fd);
        c.PWrite(fd, "temporary", 0);
        c.LinkFd(fd, "linked");
        c.FStat(fd);
        c.Stat("linked");
        c.LinkFd(fd, "again");
        c.Stat("again");
        c.Close(fd);
        c.Open(".", Temporary);
        c.Open("linked", Temporary | ReadWrite);
        c.Open("none", Temporary | ReadWrite);
        fd = c.Open(".", Temporary | ReadWrite | Exclusive);
        c.LinkFd(fd, "excl");
        c.Close(fd);
        c.MkDir("setgid", 0x5FF);
        c.Chown("setgid", 0, 77);
        c.Chmod("setgid", 0x5FF);
        fd = c.Open("setgid", Temporary | WriteOnly, 0x1FF);
        c.FStat(fd);
        c.LinkFd(fd, "linked");
        c.Close(fd);
        c.As(1000, 1000, () =>
        {
            long mine = c.Open(".", Temporary | ReadWrite);
            c.FStat(mine);
            c.LinkFd(mine, "users");
            c.Stat("users");
            c.Close(mine);
        });
        c.Chmod(".", 0x1ED);
        c.As(1000, 1000, () => c.Open(".", Temporary | ReadWrite));
    }

    private static void Paths(PosixCalls c)
    {
        c.Begin("paths");
        c.Touch(Name255);
        c.Stat(Name255);
        c.Touch(Name256);
        c.Stat(Name256);
        c.MkDir(Name256);
        c.MkNod(Name256, 0x81A4);
        c.SymLink("x", Name256);
        c.Link(Name255, Name256);
        c.Rename(Name255, Name256);
        c.Unlink(Name256);
        c.RmDir(Name256);
        c.MkDir("d");
        c.Stat("d/" + string.Concat(Enumerable.Repeat("./", 2200)));
        c.Stat("d/" + string.Concat(Enumerable.Repeat("./", 1500)));
        c.Stat("d/" + Name255 + "/" + Name255);
        c.Touch("ü" + new string('é', 127));
        c.Touch("ü" + new string('é', 126) + "x");
        c.Touch("back\\slash new\nline \u0001");
        c.Stat("back\\slash new\nline \u0001");
        c.Stat("");
        c.Stat("d/.");
        c.Stat("d/..");
        c.Stat("d/../d/./");
        c.File("f");
        c.Stat("f/.");
        c.Stat("f/..");
        c.Stat("f/none");
        c.Chmod("f/x", 0);
        c.Chown("f/x", 0, 0);
        c.Truncate("f/x", 0);
        c.Truncate("none", 0);
        c.Truncate("d", 0);
        c.Chmod("none", 0);
        c.MkDir("d/a/b");
        c.MkDir("d/");
        c.MkDir("e/");
        c.MkDir(".");
        c.MkDir("..");
        c.MkDir("/");
        string at = "chain0";
        c.File("chain0");
        for (int i = 1; i <= 41; i++)
        {
            c.SymLink(at, $"chain{i}");
            at = $"chain{i}";
        }

        c.Stat("chain39", follow: true);
        c.Stat("chain40", follow: true);
        c.Stat("chain41", follow: true);
        c.Open("chain41", Create | ReadWrite);
    }

    private static void Links(PosixCalls c)
    {
        c.Begin("links");
        c.File("f", "data");
        c.MkDir("d");
        c.Link("f", "g");
        c.Stat("f");
        c.Stat("g");
        c.Link("f", "g");
        c.Link("f", "d");
        c.Link("f", "d/h");
        c.Stat("f");
        c.Link("d", "dd");
        c.Link("none", "x");
        c.Link("f", "none/x");
        c.Link("f", "f/x");
        c.Link("f/x", "y");
        c.Link("f", "slash/");
        c.SymLink("f", "s");
        c.SymLink("none", "dangling");
        c.Link("s", "s2");
        c.Stat("s2");
        c.Link("s", "s3", 0x400);
        c.Stat("s3");
        c.Link("dangling", "x", 0x400);
        c.Link("f", "x", 1);
        c.Link("f", "/proc/x");
        c.Link("f", "/dev/x");
        foreach ((string name, int mode) in (IEnumerable<(string, int)>)[("fifo", 0x11A4), ("sock", 0xC1A4), ("dev", 0x21A4)])
        {
            c.MkNod(name, mode, 0x103);
            c.Link(name, name + "2");
            c.Stat(name);
        }

        c.Unlink("f");
        c.Stat("g");
        long fd = c.Open("g", 2);
        c.Unlink("g");
        c.Unlink("d/h");
        c.FStat(fd);
        c.LinkFd(fd, "back");
        c.PRead(fd, 4, 0);
        c.Close(fd);
        c.File("mine");
        c.Chown("mine", 1000, 1000);
        c.Chmod("mine", 0x180);
        c.As(2000, 2000, () => c.Link("mine", "stolen"));
        c.MkDir("closed", 0x16D);
        c.As(2000, 2000, () =>
        {
            c.File("own");
            c.Link("own", "closed/x");
        });
    }

    private static void SymbolicLinks(PosixCalls c)
    {
        c.Begin("symlinks");
        c.SymLink("target", "a");
        c.Stat("a");
        c.ReadLink("a");
        c.SymLink("other", "a");
        c.SymLink("", "empty");
        c.SymLink(new string('x', 4095), "long");
        c.Stat("long");
        c.ReadLink("long");
        c.SymLink(new string('x', 4096), "longer");
        c.SymLink(new string('x', 60), "sixty");
        c.ReadLink("sixty");
        c.ReadLink("none");
        c.File("f");
        c.ReadLink("f");
        c.ReadLink(".");
        c.SymLink("x", "f/y");
        c.SymLink("x", "none/y");
        c.SymLink("x", "slash/");
        c.MkDir("d");
        c.SymLink("d", "ld");
        c.Touch("ld/inside");
        c.Stat("d/inside");
        c.RmDir("ld");
        c.Stat("ld/", follow: false);
        c.Unlink("ld/");
        c.Chmod("a", 0x1FF);
        c.LChown("a", 5, 6);
        c.Stat("a");
        c.SetTimes("a", (1, 2), (3, 4), 0x100);
        c.As(1000, 1000, () => c.SymLink("t", "users"));
        c.Stat("users");
        c.SymLink("../symlinks/f", "relative");
        c.Stat("relative", follow: true);
    }

    private static void SpecialFiles(PosixCalls c)
    {
        c.Begin("mknod");
        foreach (int mode in (int[])[0x1A4, 0x81A4, 0x11A4, 0xC1A4, 0x21A4, 0x61A4, 0x41ED, 0xA1FF, 0xF1FF, 0x81FF | 0xC00, 0x8FFF])
        {
            c.MkNod($"n{mode:x}", mode, 0x12345);
            c.Stat($"n{mode:x}");
        }

        c.MkNod("n81a4", 0x81A4);
        c.As(1000, 1000, () =>
        {
            c.MkNod("udev", 0x21A4, 0x103);
            c.MkNod("ublk", 0x61A4, 0x103);
            c.MkNod("ufifo", 0x11A4);
            c.MkNod("usock", 0xC1A4);
            c.MkNod("ufile", 0x81A4);
            c.MkNod("uwhite", 0x2000, 0);
        });
        c.Stat("ufifo");
        int old = c.Umask(0x3F);
        c.MkNod("masked", 0x81FF);
        c.Stat("masked");
        c.MkDir("maskedd", 0x1FF);
        c.Stat("maskedd");
        c.Touch("maskedf", 0x41, 0xDFF);
        c.Stat("maskedf");
        c.SymLink("x", "maskeds");
        c.Stat("maskeds");
        c.Umask(old);
    }

    private static void Directories(PosixCalls c)
    {
        c.Begin("directories");
        c.MkDir("d", 0x1C0);
        c.Stat("d");
        c.MkDir("d");
        c.MkDir("d/e");
        c.MkDir("d/f", 0xFFF);
        c.Stat("d/f");
        c.Stat("d");
        c.RmDir("d");
        c.RmDir("d/e");
        c.Stat("d");
        c.RmDir("d/e");
        c.RmDir("d/f/.");
        c.RmDir("d/f/..");
        c.RmDir("d/f/");
        c.File("file");
        c.RmDir("file");
        c.RmDir("file/x");
        c.MkDir("file/x");
        c.Unlink("d");
        c.UnlinkAt("file", 0x200);
        c.UnlinkAt("d", 0x200);
        c.UnlinkAt("file", 0x1000);
        c.MkDir("gone");
        long fd = c.Open("gone", Directory);
        c.RmDir("gone");
        c.FStat(fd, "gone");
        Clients.Kernel.WithPath($"/proc/self/fd/{fd}/new", p =>
        {
            c.Note("make in removed", Clients.Kernel.Call(257, Clients.Kernel.AtFdCwd, p, Create | ReadWrite, 0x1A4));
            c.Note("mkdir in removed", Clients.Kernel.Call(83, p, 0x1A4));
            return 0;
        });
        c.Close(fd);
        c.MkDir("sg");
        c.Chown("sg", 0, 55);
        c.Chmod("sg", 0x5FF);
        c.As(1000, 1000, () =>
        {
            c.MkDir("sg/dir");
            c.Touch("sg/file", Create | WriteOnly, 0x5FF);
            c.MkNod("sg/fifo", 0x11A4);
            c.SymLink("x", "sg/link");
            c.Stat("sg/dir");
            c.Stat("sg/file");
            c.Stat("sg/fifo");
            c.Stat("sg/link");
        });
        c.As(1000, 55, () =>
        {
            c.Touch("sg/file2", Create | WriteOnly, 0x5FF);
            c.Stat("sg/file2");
        });
    }

    private static void Unlinking(PosixCalls c)
    {
        c.Begin("unlink");
        c.File("f", "12345");
        long fd = c.Open("f", 2);
        c.Unlink("f");
        c.Unlink("f");
        c.FStat(fd);
        c.PWrite(fd, "xyz", 3);
        c.PRead(fd, 10, 0);
        c.FTruncate(fd, 100);
        c.FChmod(fd, 0x180);
        c.FStat(fd);
        c.Close(fd);
        c.Unlink("none");
        c.Unlink("none/x");
        c.Unlink(".");
        c.Unlink("..");
        c.File("f");
        c.Unlink("f/");
        c.Unlink("f/x");
        c.MkDir("ro", 0x1FF);
        c.File("ro/f");
        c.Chmod("ro", 0x16D);
        c.As(1000, 1000, () => c.Unlink("ro/f"));
        c.MkDir("nox", 0x1FF);
        c.File("nox/f");
        c.Chmod("nox", 0x1B6);
        c.As(1000, 1000, () =>
        {
            c.Unlink("nox/f");
            c.Stat("nox/f");
            c.Open("nox/f", 0);
        });
    }

    private static void Renaming(PosixCalls c)
    {
        c.Begin("rename");
        c.File("a", "aa");
        c.File("b", "bbb");
        c.Rename("a", "b");
        c.Stat("a");
        c.Stat("b");
        c.Rename("none", "x");
        c.Rename("b", "none/x");
        c.Rename("b", "b");
        c.Rename("b", "b/");
        c.Rename("b", "c/");
        c.Rename("b/x", "c");
        c.Link("b", "l");
        c.Rename("b", "l");
        c.Stat("b");
        c.Stat("l");
        c.SymLink("b", "s");
        c.Rename("s", "t");
        c.Stat("t");
        c.Rename("t", "b");
        c.Stat("b");
        c.MkNod("fifo", 0x11A4);
        c.Rename("fifo", "b");
        c.Stat("b");
        c.File("open", "open");
        c.File("other", "other");
        long fd = c.Open("open", 2);
        c.Rename("other", "open");
        c.FStat(fd);
        c.PRead(fd, 10, 0);
        c.Close(fd);
        c.Rename("open", "/proc/x");
        c.Rename(".", "x");
        c.Rename("..", "x");
        c.Rename("open", ".");
        c.Rename("open", "..");
        c.MkDir("locked", 0x1FF);
        c.File("locked/f");
        c.Chmod("locked", 0x16D);
        c.As(1000, 1000, () =>
        {
            c.File("mine");
            c.Rename("locked/f", "g");
            c.Rename("mine", "locked/g");
        });
    }

    private static void RenamingDirectories(PosixCalls c)
    {
        c.Begin("rename-dirs");
        c.MkDir("d");
        c.MkDir("e");
        c.MkDir("full");
        c.MkDir("d/sub");
        c.File("full/f");
        c.File("file");
        c.Rename("d", "full");
        c.Rename("d", "file");
        c.Rename("file", "d");
        c.Rename("d", "e");
        c.Stat("e");
        c.Stat("d");
        c.Rename("e", "e/sub/x");
        c.Rename("e", "e/sub");
        c.Rename("e/sub", "e");
        c.Rename("e/", "d/");
        c.Rename("d/.", "x");
        c.Rename("d/sub/..", "x");
        c.Stat(".");
        c.Rename("d/sub", "full/sub");
        c.Stat("d");
        c.Stat("full");
        c.Stat("full/sub/..");
        c.SymLink("d", "ld");
        c.Rename("ld", "ld2");
        c.Rename("ld2/", "x");
        c.Rename("file", "ld2/");
        c.MkDir("owned");
        c.Chown("owned", 1000, 1000);
        c.MkDir("owned/in");
        c.As(1000, 1000, () => c.Rename("owned/in", "moved"));
        c.Chown("owned/in", 1000, 1000);
        c.As(1000, 1000, () => c.Rename("owned/in", "moved"));
        c.Stat("moved");
    }

    private static void RenamingWithFlags(PosixCalls c)
    {
        const int NoReplace = 1;
        const int Exchange = 2;
        const int Whiteout = 4;
        c.Begin("rename-flags");
        c.File("a", "a");
        c.File("b", "bb");
        c.MkDir("d");
        c.File("d/f");
        c.Rename("a", "b", NoReplace);
        c.Rename("a", "c", NoReplace);
        c.Rename("c", "c", NoReplace);
        c.Rename("none", "c", NoReplace);
        c.Rename("c", "b", Exchange);
        c.Stat("b");
        c.Stat("c");
        c.Rename("c", "d", Exchange);
        c.Stat("c");
        c.Stat("d");
        c.Stat(".");
        c.Rename("c", "none", Exchange);
        c.Rename("c", "c/f", Exchange);
        c.Rename("c/f", "c", Exchange);
        c.Rename("b", "b", Exchange);
        c.Rename("b", "x", Exchange | NoReplace);
        c.Rename("b", "x", Exchange | Whiteout);
        c.Rename("b", "x", 8);
        c.Rename("b", "w", Whiteout);
        c.Stat("b");
        c.Stat("w");
        c.Rename("w", "b", Whiteout | NoReplace);
        c.Rename("w", "w2", Whiteout | NoReplace);
        c.Stat("w");
        c.Stat("w2");
        c.Rename("c", "moved", Whiteout);
        c.Stat("c");
        c.Stat("moved");
        c.Rename("w2", "w2", Whiteout);
        c.File("over", "x");
        c.Rename("w2", "over", Whiteout);
        c.Stat("w2");
        c.Stat("over");
        c.SymLink("x", "s");
        c.Rename("s", "over", Exchange);
        c.Stat("s");
        c.Stat("over");
        c.As(1000, 1000, () =>
        {
            c.File("user");
            c.Rename("user", "user2", Whiteout);
            c.Rename("user", "over", Exchange);
        });
    }

    private static void Sticky(PosixCalls c)
    {
        c.Begin("sticky");
        c.MkDir("t");
        c.Chmod("t", 0x3FF);
        foreach (int owner in (int[])[0, 1000, 2000])
        {
            c.As(owner, owner, () =>
            {
                c.File($"t/f{owner}", "", 0x1B6);
                c.MkDir($"t/d{owner}");
                c.SymLink("x", $"t/s{owner}");
                c.File($"t/g{owner}", "", 0x1B6);
            });
        }

        c.As(1000, 1000, () =>
        {
            foreach (int owner in (int[])[0, 2000, 1000])
            {
                c.Unlink($"t/f{owner}");
                c.RmDir($"t/d{owner}");
                c.Rename($"t/s{owner}", $"t/renamed{owner}");
                c.Rename("t/g1000", $"t/g{owner}");
                c.Rename("t/g1000", $"t/g{owner}", 2);
            }
        });
        c.Chown("t", 1000, 0);
        c.As(1000, 1000, () => c.Unlink("t/f2000"));
        c.As(2000, 2000, () => c.Unlink("t/f0"));
        c.Unlink("t/f0");
    }

    private static void Times(PosixCalls c)
    {
        c.Begin("name-times");
        c.MkDir("d");
        c.MkDir("e");
        c.File("d/f");
        c.Moves("create", ["d"], () => c.Touch("d/new"));
        c.Moves("open existing", ["d", "d/new"], () => c.Close(c.Open("d/new", Create | ReadWrite)));
        c.Moves("truncating open of empty", ["d", "d/new"], () => c.Close(c.Open("d/new", ReadWrite | Truncate)));
        c.File("d/full", "x");
        c.Moves("truncating open", ["d", "d/full"], () => c.Close(c.Open("d/full", ReadWrite | Truncate)));
        c.Moves("link", ["d", "e", "d/f"], () => c.Link("d/f", "e/g"));
        c.Moves("unlink", ["d", "e", "d/f"], () => c.Unlink("e/g"));
        c.Moves("rename", ["d", "e", "d/f", "e/moved"], () => c.Rename("d/f", "e/moved"));
        c.Moves("rename back", ["e/moved", "d/f"], () => c.Rename("e/moved", "d/f"));
        c.Moves("mkdir", ["d"], () => c.MkDir("d/sub"));
        c.Moves("rename dir", ["d", "e", "d/sub"], () => c.Rename("d/sub", "e/sub"));
        c.Moves("rmdir", ["e"], () => c.RmDir("e/sub"));
        c.Moves("symlink", ["d"], () => c.SymLink("x", "d/s"));
        c.Moves("readlink", ["d/s"], () => c.ReadLink("d/s"));
        c.Moves("mknod", ["d"], () => c.MkNod("d/fifo", 0x11A4));
        c.Moves("failed create", ["d"], () => c.Touch("d/f", Create | Exclusive));
        c.Moves("failed rmdir", ["d"], () => c.RmDir("d/none"));
        c.File("x");
        c.File("y");
        c.Link("x", "x2");
        c.Moves("replaced", ["x2", "y"], () => c.Rename("y", "x"));
        c.File("p");
        c.File("q");

        // The names change places, so the files' times must not tell them apart.
        c.SetTimes("p", (1_000_000, 0), (2_000_000, 0));
        c.SetTimes("q", (1_000_000, 0), (2_000_000, 0));
        c.Moves("exchange", [".", "p", "q"], () => c.Rename("p", "q", 2));
    }
}
