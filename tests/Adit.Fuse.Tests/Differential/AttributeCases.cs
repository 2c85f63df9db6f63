namespace Adit.Fuse.Tests.Differential;

/// <summary>Modes, owners, times, access, extended attributes and access lists, by root and by others.</summary>
internal static class AttributeCases
{
    private const long Now = (1L << 30) - 1;
    private const long Omit = (1L << 30) - 2;
    private const string User = "user.";

    public static void All(PosixCalls c)
    {
        Modes(c);
        Owners(c);
        Privileges(c);
        Times(c);
        Access(c);
        ExtendedAttributes(c);
        AttributeNamespaces(c);
        AccessLists(c);
        DefaultLists(c);
    }

    private static void Modes(PosixCalls c)
    {
        c.Begin("chmod");
        c.File("f");
        c.MkDir("d");
        foreach (int mode in (int[])[0, 0x1FF, 0x800, 0x400, 0x200, 0xFFF, 0x5ED, 0x9ED, 0xFFFF, 0x1A4])
        {
            c.Chmod("f", mode);
            c.Stat("f");
            c.Chmod("d", mode);
            c.Stat("d");
        }

        c.Chown("f", 1000, 1000);
        c.As(1000, 1000, () =>
        {
            foreach (int mode in (int[])[0xDED, 0x3B6, 0xFFF])
            {
                c.Chmod("f", mode);
                c.Stat("f");
            }
        });
        c.Chown("f", 1000, 5);
        c.As(1000, 1000, () =>
        {
            c.Chmod("f", 0x5ED);
            c.Stat("f");
        });
        c.As(
            1000,
            1000,
            () =>
            {
                c.Chmod("f", 0x5ED);
                c.Stat("f");
            },
            5);
        c.As(2000, 1000, () => c.Chmod("f", 0x1FF));
        c.Moves("chmod", ["f"], () => c.Chmod("f", 0x180));
        c.Moves("chmod to the same", ["f"], () => c.Chmod("f", 0x180));
        c.SymLink("f", "s");
        c.Chmod("s", 0x1C0);
        c.Stat("f");
        Clients.Kernel.WithPath(c.At("s"), p =>
        {
            c.Note("fchmodat2 of a link", Clients.Kernel.Call(452, Clients.Kernel.AtFdCwd, p, 0x1FF, 0x100));
            return 0;
        });
    }

    private static void Owners(PosixCalls c)
    {
        c.Begin("chown");
        c.File("f");
        c.SymLink("f", "s");
        c.Chown("f", 123, 456);
        c.Stat("f");
        c.Chown("f", -1, 789);
        c.Chown("f", 321, -1);
        c.Stat("f");
        c.Moves("chown -1 -1", ["f"], () => c.Chown("f", -1, -1));
        c.Moves("chown", ["f"], () => c.Chown("f", 1, 1));
        c.LChown("s", 9, 9);
        c.Stat("s");
        c.Chown("s", 8, 8);
        c.Stat("f");
        c.Chown("f", int.MaxValue, int.MaxValue);
        c.Stat("f");
        c.Chown("f", -2, -2);
        c.Stat("f");
        c.Chown("f", 1000, 1000);
        c.As(
            1000,
            1000,
            () =>
            {
                c.Chown("f", 1000, 2000);
                c.Chown("f", -1, 2000);
                c.Chown("f", 2000, -1);
                c.Chown("f", 1000, 5);
                c.Chown("f", 1000, 1000);
                c.Chown("f", -1, -1);
            },
            5);
        c.As(2000, 2000, () =>
        {
            c.Chown("f", 2000, 2000);
            c.Chown("f", -1, -1);
        });
        c.Stat("f");
        c.Chown("none", 0, 0);
    }

    private static void Privileges(PosixCalls c)
    {
        c.Begin("setids");
        string[] changes = ["write", "truncate", "ftruncate", "chown", "chgrp", "fallocate", "punch", "append", "otrunc", "copy", "same-chown", "utimes", "chmod"];
        foreach (int caller in (int[])[0, 1000])
        {
            foreach (int mode in (int[])[0xDED, 0xDE4, 0x9ED, 0x5ED, 0x5E4])
            {
                foreach (string change in changes)
                {
                    c.File("f", "0123456789");
                    c.File("src", "source", 0x1B6);
                    c.Chown("f", 1000, 1000);
                    c.Chmod("f", mode | 0x92);
                    c.SetXAttr("f", "security.capability", "\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
                    if (change == "same-chown" && caller == 0)
                    {
                        // The kernel asks the same for this and for a change of content that only drops capabilities.
                        c.RemoveXAttr("f", "security.capability");
                    }

                    c.As(caller, caller, () => Change(c, change));
                    c.Stat("f");
                    c.GetXAttr("f", "security.capability", 0);
                    c.Unlink("f");
                }
            }
        }

        c.File("f", "data");
        c.Chown("f", 1000, 1000);
        c.Chmod("f", 0xDFF);
        c.As(2000, 2000, () =>
        {
            long fd = c.Open("f", 2);
            c.PWrite(fd, "x", 0);
            c.FStat(fd);
            c.Close(fd);
        });
        c.MkDir("d");
        c.Chmod("d", 0xDED);
        c.Chown("d", 1000, 1000);
        c.Stat("d");
        c.As(1000, 1000, () => c.Chown("d", -1, 1000));
        c.Stat("d");
    }

    private static void Change(PosixCalls c, string change)
    {
        long fd = c.Quiet("f", change == "append" ? 0x401 : change == "otrunc" ? 0x201 : 2);
        switch (change)
        {
            case "write":
            case "append":
                c.Write(fd, "x");
                break;
            case "truncate":
                c.Truncate("f", 5);
                break;
            case "ftruncate":
                c.FTruncate(fd, 20);
                break;
            case "chown":
                c.Chown("f", 1000, 1000);
                break;
            case "same-chown":
                c.Chown("f", -1, -1);
                break;
            case "chgrp":
                c.Chown("f", -1, 1000);
                break;
            case "fallocate":
                c.FAllocate(fd, 0, 0, 100);
                break;
            case "punch":
                c.FAllocate(fd, 3, 0, 5);
                break;
            case "copy":
                long source = c.Quiet("src", 0);
                c.CopyRange(source, 0, fd, 0, 4);
                c.Close(source);
                break;
            case "utimes":
                c.SetTimes("f", null, null);
                break;
            case "chmod":
                c.Chmod("f", 0x5ED);
                break;
        }

        c.Close(fd);
    }

    private static void Times(PosixCalls c)
    {
        c.Begin("utimens");
        c.File("f", "x");
        foreach ((long, long) access in (IEnumerable<(long, long)>)[(0, 0), (1, 999_999_999), (-1, 0), (1L << 31, 0), (1L << 32, 5), (0, 1_000_000_000), (0, -1), (0, Now), (0, Omit), (5, Now), (1_000_000, 123_456_789)])
        {
            c.Moves($"times {access}", ["f"], () => c.SetTimes("f", access, (7, 7)));
            c.Moves($"modify {access}", ["f"], () => c.SetTimes("f", (7, 7), access));
            NoteTimes(c);
        }

        c.Moves("both omitted", ["f"], () => c.SetTimes("f", (0, Omit), (0, Omit)));
        c.Moves("both now", ["f"], () => c.SetTimes("f", (0, Now), (0, Now)));
        c.Moves("null", ["f"], () => c.SetTimes("f", null, null));
        c.SymLink("f", "s");
        c.Moves("link", ["s", "f"], () => c.SetTimes("s", (1, 1), (2, 2), 0x100));
        c.Moves("through link", ["s", "f"], () => c.SetTimes("s", (1, 1), (2, 2)));
        c.SetTimes("none", null, null);
        c.Chown("f", 1000, 1000);
        c.Chmod("f", 0x1B6);
        foreach (int user in (int[])[1000, 2000])
        {
            c.As(user, user, () =>
            {
                c.SetTimes("f", null, null);
                c.SetTimes("f", (0, Now), (0, Now));
                c.SetTimes("f", (1, 1), (1, 1));
                c.SetTimes("f", (0, Now), (0, Omit));
                c.SetTimes("f", (0, Omit), (0, Omit));
            });
            c.Chmod("f", 0x124);
        }

        c.Chmod("f", 0x1B6);
        long fd = c.Quiet("f", 2);
        c.Moves("write", ["f"], () => c.PWrite(fd, "y", 0));
        c.Moves("write of nothing", ["f"], () => c.PWrite(fd, "", 0));
        c.Moves("read", ["f"], () => c.PRead(fd, 1, 0));
        c.Moves("second read", ["f"], () => c.PRead(fd, 1, 0));
        c.Moves("truncate shorter", ["f"], () => c.FTruncate(fd, 0));
        c.Moves("truncate to the same", ["f"], () => c.FTruncate(fd, 0));
        c.Moves("truncate path to the same", ["f"], () => c.Truncate("f", 0));
        c.Moves("truncate longer", ["f"], () => c.FTruncate(fd, 10_000));
        c.Moves("fallocate", ["f"], () => c.FAllocate(fd, 0, 0, 10_000));
        c.Moves("fallocate longer", ["f"], () => c.FAllocate(fd, 0, 0, 20_000));
        c.Moves("fallocate kept", ["f"], () => c.FAllocate(fd, 1, 0, 60_000));
        c.Moves("punch", ["f"], () => c.FAllocate(fd, 3, 0, 5000));
        c.Moves("zero", ["f"], () => c.FAllocate(fd, 0x10, 0, 5000));
        c.Moves("setxattr", ["f"], () => c.SetXAttr("f", "user.a", "b"));
        c.Moves("removexattr", ["f"], () => c.RemoveXAttr("f", "user.a"));
        c.File("src", "source");
        long source = c.Quiet("src", 0);
        c.Moves("copy", ["f", "src"], () => c.CopyRange(source, 0, fd, 0, 6));
        c.Close(source);
        c.Close(fd);
        c.MkDir("d");
        c.File("d/f");
        c.Moves("listing", ["d"], () => c.Note("entries", Directory.GetFileSystemEntries(c.At("d")).Length));
    }

    private static unsafe void NoteTimes(PosixCalls c)
    {
        Clients.Kernel.Stat(c.At("f"), out Clients.FileStatus status);
        bool isRecent = status.ModifySeconds > 1_600_000_000;
        bool wasRead = status.AccessSeconds > 1_600_000_000 && status.AccessSeconds < 1L << 31;
        c.Note($"times {(wasRead ? "now" : $"{status.AccessSeconds}.{status.AccessNanoseconds}")} {(isRecent && status.ModifySeconds < 1L << 31 ? "now" : $"{status.ModifySeconds}.{status.ModifyNanoseconds}")}");
    }

    private static void Access(PosixCalls c)
    {
        c.Begin("access");
        c.File("f");
        c.MkDir("d");
        c.Chown("f", 1000, 100);
        c.Chown("d", 1000, 100);
        for (int mode = 0; mode < 0x200; mode += 0x49)
        {
            foreach (int shift in (int[])[0, 3, 6])
            {
                int bits = (mode & 7) << shift;
                c.Chmod("f", bits);
                c.Chmod("d", bits);
                c.Note($"mode {bits:x}");
                foreach ((int user, int group) in (IEnumerable<(int, int)>)[(0, 0), (1000, 1), (2000, 100), (3000, 3)])
                {
                    c.As(user, group, () =>
                    {
                        for (int want = 0; want < 8; want++)
                        {
                            c.Access("f", want);
                            c.Access("d", want);
                        }

                        c.Close(c.Open("f", 0));
                        c.Close(c.Open("f", 1));
                        c.Close(c.Open("f", 2));
                        c.Close(c.Open("f", 0x201));
                        c.Close(c.Open("d", 0x10000));
                        c.Stat("d/none");
                        c.Truncate("f", 0);
                    });
                }
            }
        }

        c.Access("f", 8);
        c.Access("none", 0);
        c.FAccess("f", 4, 0x200);
        c.FAccess("f", 4, 0x100);
        c.FAccess("f", 1, 0x200);
        c.FAccess("f", 4, 0x1000);
    }

    private static void ExtendedAttributes(PosixCalls c)
    {
        c.Begin("xattr");
        c.File("f");
        c.MkDir("d");
        foreach (string path in (string[])["f", "d"])
        {
            c.SetXAttr(path, "user.a", "value");
            c.SetXAttr(path, "user.a", "other", 1);
            c.SetXAttr(path, "user.none", "x", 2);
            c.SetXAttr(path, "user.b", "created", 1);
            c.SetXAttr(path, "user.a", "replaced", 2);
            c.SetXAttr(path, "user.a", "x", 3);
            c.SetXAttr(path, "user.a", "x", 4);
            c.SetXAttr(path, "user.empty", "");
            c.GetXAttr(path, "user.empty", 10);
            c.GetXAttr(path, "user.empty", 0);
            c.GetXAttr(path, "user.a", 0);
            c.GetXAttr(path, "user.a", 3);
            c.GetXAttr(path, "user.a", 8);
            c.GetXAttr(path, "user.a", 100);
            c.GetXAttr(path, "user.none", 10);
            c.ListXAttr(path, 0);
            c.ListXAttr(path, 3);
            c.ListXAttr(path, 1000);
            c.RemoveXAttr(path, "user.a");
            c.RemoveXAttr(path, "user.a");
            c.ListXAttr(path, 1000);
        }

        c.SetXAttr("f", User + new string('n', 250), "x");
        c.GetXAttr("f", User + new string('n', 250), 10);
        c.SetXAttr("f", User + new string('n', 251), "x");
        c.GetXAttr("f", User + new string('n', 251), 10);
        c.SetXAttr("f", "user.big", new string('v', 65537));
        c.SetXAttr("f", "user.", "x");
        c.SetXAttr("f", "user", "x");
        c.SetXAttr("f", "", "x");
        c.GetXAttr("f", "", 10);
        c.RemoveXAttr("f", "");
        c.SetXAttr("f", "nothing.a", "x");
        c.GetXAttr("f", "nothing.a", 10);
        c.SetXAttr("f", "system.a", "x");
        c.GetXAttr("f", "system.a", 10);
        c.RemoveXAttr("f", "system.a");
        c.SetXAttr("none", "user.a", "x");
        c.SymLink("f", "s");
        c.SetXAttr("s", "user.link", "x");
        c.GetXAttr("f", "user.link", 10);
        foreach ((string name, int mode) in (IEnumerable<(string, int)>)[("fifo", 0x11A4), ("sock", 0xC1A4), ("dev", 0x21A4), ("blk", 0x61A4)])
        {
            c.MkNod(name, mode, 0x103);
            c.SetXAttr(name, "user.a", "x");
            c.GetXAttr(name, "user.a", 10);
            c.SetXAttr(name, "trusted.a", "x");
            c.GetXAttr(name, "trusted.a", 10);
            c.SetXAttr(name, "security.a", "x");
        }

        c.SetXAttr("s", "user.a", "x", follow: false);
        c.GetXAttr("s", "user.a", 10, follow: false);
        c.SetXAttr("s", "trusted.a", "x", follow: false);
        c.GetXAttr("s", "trusted.a", 10, follow: false);
        c.ListXAttr("s", 100, follow: false);
        c.RemoveXAttr("s", "trusted.a", follow: false);
    }

    private static void AttributeNamespaces(PosixCalls c)
    {
        c.Begin("xattr-users");
        c.File("f");
        c.MkDir("d");
        c.MkDir("sticky");
        c.Chmod("sticky", 0x3FF);
        c.Chown("f", 1000, 1000);
        c.Chmod("f", 0x1A4);
        c.SetXAttr("f", "trusted.a", "secret");
        c.SetXAttr("f", "security.a", "open");
        c.SetXAttr("f", "user.a", "users");
        foreach (int user in (int[])[0, 1000, 2000])
        {
            c.As(user, user, () =>
            {
                c.GetXAttr("f", "trusted.a", 10);
                c.SetXAttr("f", "trusted.b", "x");
                c.RemoveXAttr("f", "trusted.b");
                c.GetXAttr("f", "security.a", 10);
                c.SetXAttr("f", "security.b", "x");
                c.RemoveXAttr("f", "security.b");
                c.GetXAttr("f", "user.a", 10);
                c.SetXAttr("f", "user.b", "x");
                c.RemoveXAttr("f", "user.b");
                c.SetXAttr("f", "system.posix_acl_access", "x");
                c.SetXAttr("sticky", "user.a", "x");
                c.ListXAttr("f", 1000);
            });
        }

        c.Chmod("f", 0);
        foreach (int user in (int[])[0, 1000, 2000])
        {
            c.As(user, user, () =>
            {
                c.GetXAttr("f", "user.a", 10);
                c.ListXAttr("f", 1000);
            });
        }
    }

    private static void AccessLists(PosixCalls c)
    {
        c.Begin("acl");
        c.File("f", "text", 0x1A0);
        c.Chown("f", 1000, 1000);
        c.SetXAttr("f", "system.posix_acl_access", List((1, 6, -1), (2, 4, 2000), (4, 4, -1), (16, 6, -1), (32, 0, -1)));
        c.Stat("f");
        c.GetXAttr("f", "system.posix_acl_access", 100);
        c.GetXAttr("f", "system.posix_acl_access", 0);
        c.ListXAttr("f", 100);
        foreach ((int user, int group) in (IEnumerable<(int, int)>)[(1000, 1), (2000, 2), (3000, 1000), (3000, 3)])
        {
            c.As(user, group, () =>
            {
                for (int want = 1; want < 8; want++)
                {
                    c.Access("f", want);
                }
            });
        }

        c.Chmod("f", 0x1FF);
        c.GetXAttr("f", "system.posix_acl_access", 100);
        c.Chmod("f", 0x1C0);
        c.GetXAttr("f", "system.posix_acl_access", 100);
        c.Stat("f");
        c.As(2000, 2, () => c.Access("f", 4));
        c.Moves("set list", ["f"], () => c.SetXAttr("f", "system.posix_acl_access", List((1, 6, -1), (4, 4, -1), (32, 4, -1))));
        c.Stat("f");
        c.GetXAttr("f", "system.posix_acl_access", 100);
        c.ListXAttr("f", 100);
        c.RemoveXAttr("f", "system.posix_acl_access");
        c.SetXAttr("f", "system.posix_acl_access", List((1, 6, -1), (2, 4, 2000), (4, 4, -1), (32, 0, -1)));
        c.SetXAttr("f", "system.posix_acl_access", List((1, 6, -1), (4, 4, -1)));
        c.SetXAttr("f", "system.posix_acl_access", List((1, 9, -1), (4, 4, -1), (32, 0, -1)));
        c.SetXAttr("f", "system.posix_acl_access", List((4, 4, -1), (1, 6, -1), (32, 0, -1)));
        c.SetXAttr("f", "system.posix_acl_access", List((1, 6, -1), (2, 4, 2000), (2, 4, 2000), (4, 4, -1), (16, 7, -1), (32, 0, -1)));
        c.SetXAttr("f", "system.posix_acl_access", List((1, 6, -1), (2, 4, 2000), (2, 4, 2001), (4, 4, -1), (16, 7, -1), (16, 7, -1), (32, 0, -1)));
        c.SetXAttr("f", "system.posix_acl_access", "\x01\0\0\0");
        c.SetXAttr("f", "system.posix_acl_access", "\x02\0\0\0");
        c.SetXAttr("f", "system.posix_acl_access", "short");
        c.SetXAttr("f", "system.posix_acl_access", "");
        c.SetXAttr("f", "system.posix_acl_default", List((1, 6, -1), (4, 4, -1), (32, 4, -1)));
        c.GetXAttr("f", "system.posix_acl_default", 100);
        c.SymLink("f", "s");
        c.GetXAttr("s", "system.posix_acl_access", 100, follow: false);
        c.SetXAttr("s", "system.posix_acl_access", List((1, 6, -1), (4, 4, -1), (32, 4, -1)), 0, follow: false);
        c.Chmod("f", 0x5ED);
        c.As(1000, 5, () => c.SetXAttr("f", "system.posix_acl_access", List((1, 7, -1), (2, 4, 2000), (4, 5, -1), (16, 7, -1), (32, 5, -1))));
        c.Stat("f");
        c.As(2000, 2000, () =>
        {
            c.SetXAttr("f", "system.posix_acl_access", List((1, 7, -1), (4, 5, -1), (32, 5, -1)));
            c.RemoveXAttr("f", "system.posix_acl_access");
        });
        c.Chown("f", 1000, 3000);
        c.Chmod("f", 0x5ED);
        c.Stat("f");
        c.As(1000, 1000, () => c.Chmod("f", 0x5FF));
        c.Stat("f");
        c.GetXAttr("f", "system.posix_acl_access", 100);
    }

    private static void DefaultLists(PosixCalls c)
    {
        c.Begin("default-acl");
        c.MkDir("d");
        c.SetXAttr("d", "system.posix_acl_default", List((1, 7, -1), (2, 5, 2000), (4, 5, -1), (16, 7, -1), (32, 1, -1)));
        c.Stat("d");
        c.ListXAttr("d", 200);
        int old = c.Umask(0x3F);
        foreach (int mode in (int[])[0x1FF, 0x1B6, 0x1A4, 0x180, 0, 0xFFF])
        {
            c.Touch($"d/f{mode:x}", 0x41, mode);
            c.Stat($"d/f{mode:x}");
            c.GetXAttr($"d/f{mode:x}", "system.posix_acl_access", 100);
            c.MkDir($"d/d{mode:x}", mode);
            c.Stat($"d/d{mode:x}");
            c.GetXAttr($"d/d{mode:x}", "system.posix_acl_access", 100);
            c.GetXAttr($"d/d{mode:x}", "system.posix_acl_default", 100);
            c.MkNod($"d/n{mode:x}", 0x1000 | (mode & 0xFFF));
            c.Stat($"d/n{mode:x}");
            c.GetXAttr($"d/n{mode:x}", "system.posix_acl_access", 100);
        }

        c.SymLink("x", "d/s");
        c.Stat("d/s");
        c.Open("d", 0x410000 | 2, 0x1FF);
        c.SetXAttr("d", "system.posix_acl_default", List((1, 7, -1), (4, 5, -1), (32, 4, -1)));
        c.Touch("d/minimal", 0x41, 0x1FF);
        c.Stat("d/minimal");
        c.GetXAttr("d/minimal", "system.posix_acl_access", 100);
        c.MkDir("d/mind", 0x1FF);
        c.GetXAttr("d/mind", "system.posix_acl_default", 100);
        c.RemoveXAttr("d", "system.posix_acl_default");
        c.RemoveXAttr("d", "system.posix_acl_default");
        c.GetXAttr("d", "system.posix_acl_default", 100);
        c.Touch("d/plain", 0x41, 0x1FF);
        c.Stat("d/plain");
        c.Umask(old);
        c.MkDir("sg");
        c.Chown("sg", 0, 55);
        c.Chmod("sg", 0x5FF);
        c.SetXAttr("sg", "system.posix_acl_default", List((1, 7, -1), (2, 7, 2000), (4, 7, -1), (16, 7, -1), (32, 7, -1)));
        c.As(1000, 1000, () =>
        {
            c.Touch("sg/f", 0x41, 0x5FF);
            c.Stat("sg/f");
            c.MkDir("sg/d", 0x1FF);
            c.Stat("sg/d");
        });
    }

    private static string List(params (int Tag, int Permissions, int Id)[] entries)
    {
        System.Text.StringBuilder bytes = new("\x02\0\0\0");
        foreach ((int tag, int permissions, int id) in entries)
        {
            bytes.Append((char)(tag & 255)).Append((char)(tag >> 8)).Append((char)permissions).Append('\0');
            for (int i = 0; i < 4; i++)
            {
                bytes.Append((char)((id >> (8 * i)) & 255));
            }
        }

        return bytes.ToString();
    }
}
