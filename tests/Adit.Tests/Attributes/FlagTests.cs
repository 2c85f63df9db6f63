using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Format;
using Adit.Interop;
using Adit.Metadata;
using Adit.Nodes;
using Adit.TestKit.Simulation;

namespace Adit.Tests.Attributes;

/// <summary>Flags of inodes: kept, inherited, obeyed. What they forbid is EPERM, as with ext4.</summary>
public sealed class FlagTests
{
    private static readonly Caller Somebody = new(1000, 1000);

    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Flags_and_projects_are_kept_through_a_reopening(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using (Volume volume = fixture.Open())
        {
            volume.CreateDirectory("/d");
            Bytes.WriteAll(volume, "/f", [1]);
            volume.SetFlags("/d", FileFlags.DirectorySync | FileFlags.ProjectInherit, FileFlags.DirectAccess);
            volume.SetFlags("/f", FileFlags.NoDump | FileFlags.Sync | FileFlags.NoAccessTime);
            volume.SetProject("/f", 77);
        }

        using Volume again = fixture.Open();
        Assert.Equal(FileFlags.DirectAccess, again.GetFlags("/"));
        Assert.Equal(FileFlags.DirectorySync | FileFlags.ProjectInherit, again.GetFlags("/d"));
        Assert.Equal(FileFlags.DirectAccess | FileFlags.NoDump | FileFlags.Sync | FileFlags.NoAccessTime, again.GetFlags("/f"));
        Assert.Equal(77u, again.GetProject("/f"));
        VolumeProof.Check(again);
    }

    [Fact]
    public void Every_way_of_making_inherits_the_flags_of_the_directory()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", FileFlags.All & ~FileFlags.Privileged);
        volume.SetProject("/d", 9);
        InodeNumber d = volume.GetAttributes("/d").Inode;

        volume.OpenFile("/d/opened", FileMode.CreateNew).Dispose();
        volume.CreateDirectory("/d/sub/deep", parents: true);
        volume.CreateSymbolicLink("/d/link", "opened");
        Assert.Equal(Errno.Success, volume.Create(d, "created"u8, 0x1A4, OpenIntent.ReadWrite, in Somebody, out _, out IOpenFile? file));
        file!.Dispose();
        Assert.Equal(Errno.Success, volume.MakeNode(d, "node"u8, 0x81A4, 0, in Somebody, out _));
        Assert.Equal(Errno.Success, volume.MakeNode(d, "fifo"u8, 0x11A4, 0, in Somebody, out _));
        using AditFile temporary = volume.OpenTemporary("/d");

        FileFlags ofFiles = FileFlags.Sync | FileFlags.NoDump | FileFlags.NoAccessTime | FileFlags.DirectAccess;
        Assert.All(["/d/opened", "/d/created", "/d/node"], path => Assert.Equal(ofFiles, volume.GetFlags(path)));
        Assert.All(["/d/sub", "/d/sub/deep"], path => Assert.Equal(FileFlags.Inherited, volume.GetFlags(path)));
        Assert.All(["/d/link", "/d/fifo"], path => Assert.Equal(FileFlags.NoDump | FileFlags.NoAccessTime, volume.GetFlags(path, followLink: false)));
        Assert.Equal((uint)ofFiles, temporary.Attributes.Flags);
        Assert.All(["/d/opened", "/d/sub/deep", "/d/fifo"], path => Assert.Equal(9u, volume.GetProject(path)));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Rename_and_link_keep_a_files_own_flags_and_a_copy_takes_those_of_its_new_directory()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/plain");
        volume.SetFlags("/plain", FileFlags.None, FileFlags.DirectAccess);
        Bytes.WriteAll(volume, "/f", [1]);

        volume.Move("/f", "/plain/f");
        volume.CreateLink("/plain/f", "/g");
        Bytes.WriteAll(volume, "/plain/copy", [1]);

        Assert.Equal(FileFlags.DirectAccess, volume.GetFlags("/plain/f"));
        Assert.Equal(FileFlags.DirectAccess, volume.GetFlags("/g"));
        Assert.Equal(FileFlags.None, volume.GetFlags("/plain/copy"));
    }

    [Fact]
    public void Flags_are_refused_where_they_make_no_sense()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", [1]);
        Assert.Equal(Errno.Success, volume.MakeNode(InodeNumber.Root, "fifo"u8, 0x11A4, 0, in Somebody, out _));

        Assert.Equal(Errno.ENOTSUP, Refusal(() => volume.SetFlags("/f", FileFlags.ProjectInherit)));
        Assert.Equal(Errno.EINVAL, Refusal(() => volume.SetFlags("/fifo", FileFlags.DirectAccess)));
        Assert.Equal(Errno.EINVAL, Refusal(() => Fix(volume, "/fifo", FileFlags.DirectAccess)));
        Assert.Equal(Errno.ENOTSUP, Refusal(() => Fix(volume, "/fifo", FileFlags.Immutable)));
        Assert.Equal(Errno.EINVAL, Refusal(() => volume.SetFlags("/f", FileFlags.Sync, FileFlags.Sync)));
        Assert.Equal(Errno.EINVAL, Refusal(() => volume.SetFlags("/f", (FileFlags)1)));
        AttributeChanges unknown = new() { Fields = AttributeFields.Flags, Flags = 1 };
        Assert.Equal(Errno.ENOTSUP, volume.SetAttributes(volume.GetAttributes("/f").Inode, in unknown, out _));
        Assert.Equal(FileFlags.DirectAccess, volume.GetFlags("/f"));
    }

    [Fact]
    public void Dax_flag_of_a_directory_changes_when_it_is_empty_or_with_all_that_is_in_it()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess);
        volume.SetFlags("/d", FileFlags.DirectAccess);
        volume.CreateDirectory("/d/sub");
        Bytes.WriteAll(volume, "/d/f", [1]);
        Bytes.WriteAll(volume, "/d/sub/g", [1]);
        volume.CreateSymbolicLink("/d/link", "/");

        Assert.Equal(Errno.ENOTEMPTY, Refusal(() => volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess)));
        volume.SetFlags("/d", FileFlags.NoDump);
        Assert.Equal(FileFlags.DirectAccess, volume.GetFlags("/d/f"));

        FlagChangeReport report = volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess, recursive: true);

        Assert.Equal((2, 2, 1), (report.FilesChanged, report.DirectoriesChanged, report.Unchanged));
        Assert.All(["/d/f", "/d/sub", "/d/sub/g"], path => Assert.Equal(FileFlags.None, volume.GetFlags(path)));
        report = volume.SetFlags("/d", FileFlags.DirectAccess, recursive: true);
        Assert.Equal((2, 2, 0, 1), (report.FilesChanged, report.DirectoriesChanged, report.Unchanged, report.Skipped));
        Assert.Equal(FileFlags.DirectAccess, volume.GetFlags("/"));
    }

    [Fact]
    public void Recursive_change_goes_on_behind_what_it_cannot_change()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        foreach (string name in new[] { "a", "b", "c" })
        {
            Bytes.WriteAll(volume, $"/d/{name}", [1]);
        }

        Fix(volume, "/d/b", FileFlags.Immutable);
        FlagChangeReport report = volume.SetFlags("/d", FileFlags.None, FileFlags.DirectAccess, recursive: true);

        Assert.Equal((2L, 1L, 1L), (report.FilesChanged, report.DirectoriesChanged, report.FailureCount));
        Assert.Equal(("/d/b", Errno.EPERM), (report.Failures[0].Path, report.Failures[0].Errno));
        Assert.Equal(FileFlags.DirectAccess | FileFlags.Immutable, volume.GetFlags("/d/b"));
    }

    [Theory]
    [InlineData(FileFlags.Immutable)]
    [InlineData(FileFlags.AppendOnly)]
    public void Fixed_file_changes_in_no_way_that_its_flag_forbids(FileFlags flag)
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        Bytes.WriteAll(volume, "/d/f", Bytes.Of(10_000, 1));
        Bytes.WriteAll(volume, "/d/other", [1]);
        AditFile opened = volume.OpenFile("/d/f");
        Fix(volume, "/d/f", flag);

        (string What, Action Act)[] forbidden =
        [
            ("open for writing", () => volume.OpenFile("/d/f").Dispose()),
            ("open and empty", () => volume.OpenFile("/d/f", FileMode.Create).Dispose()),
            ("overwrite", () => opened.Write(0, [9])),
            ("write a block", () => opened.Write(4096, new byte[4096])),
            ("write across the end", () => opened.Write(9_999, [9, 9])),
            ("cut", () => opened.SetLength(5)),
            ("grow", () => opened.SetLength(50_000)),
            ("punch", () => opened.Allocate(0, 4096, AllocateMode.PunchHole | AllocateMode.KeepSize)),
            ("zero", () => opened.Allocate(0, 4096, AllocateMode.ZeroRange)),
            ("collapse", () => opened.Allocate(0, 4096, AllocateMode.CollapseRange)),
            ("pin for writing", () => opened.Pin(0, 100, PinAccess.Write).Dispose()),
            ("map for writing", () => opened.Map(0, 4096, new ViewOptions { Kind = ViewKind.ReadWrite }).Dispose()),
            ("delete", () => volume.Delete("/d/f")),
            ("move", () => volume.Move("/d/f", "/d/g")),
            ("move over", () => volume.Move("/d/other", "/d/f")),
            ("exchange", () => volume.Move("/d/other", "/d/f", RenameFlags.Exchange)),
            ("link", () => volume.CreateLink("/d/f", "/d/g")),
            ("mode", () => volume.SetAttributes("/d/f", new AttributeChanges { Fields = AttributeFields.Mode, Mode = 0x1FF })),
            ("times", () => volume.SetAttributes("/d/f", new AttributeChanges { Fields = AttributeFields.ModifyTime })),
            ("set an attribute", () => volume.SetExtendedAttribute("/d/f", "user.a", [1])),
        ];
        Assert.All(forbidden, step => Assert.True(Refusal(step.Act) == Errno.EPERM, step.What));

        bool appends = flag == FileFlags.AppendOnly;
        (string What, Action Act)[] appending =
        [
            ("append", () => opened.Append(new byte[5000])),
            ("open for appending", () => volume.OpenFile("/d/f", FileMode.Append, FileAccess.Write).Dispose()),
            ("allocate", () => opened.Allocate(0, 40_000, AllocateMode.KeepSize)),
            ("touch", () => volume.SetAttributes("/d/f", new AttributeChanges { Fields = AttributeFields.ModifyTimeNow })),
        ];
        Assert.All(appending, step => Assert.True((Refusal(step.Act) == Errno.Success) == appends, step.What));

        Assert.Equal(Bytes.Of(10_000, 1), Bytes.ReadAll(volume, "/d/f")[..10_000]);
        opened.Pin(0, 100).Dispose();
        Fix(volume, "/d/f", FileFlags.None, flag);
        opened.Write(0, [9]);
        opened.Pin(0, 100, PinAccess.Write).Dispose();
        opened.Dispose();
        volume.Delete("/d/f");
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Flags_of_an_immutable_file_stay_until_it_is_immutable_no_more()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", [1]);
        Fix(volume, "/f", FileFlags.Immutable);

        Assert.Equal(Errno.EPERM, Refusal(() => volume.SetFlags("/f", FileFlags.NoDump)));
        Assert.Equal(Errno.EPERM, Refusal(() => volume.SetProject("/f", 3)));
        Fix(volume, "/f", FileFlags.NoDump, FileFlags.Immutable);
        Assert.Equal(FileFlags.NoDump | FileFlags.DirectAccess, volume.GetFlags("/f"));
    }

    [Fact]
    public void Fixed_directories_keep_their_entries()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        foreach (string directory in new[] { "/i", "/a" })
        {
            volume.CreateDirectory(directory);
            Bytes.WriteAll(volume, $"{directory}/f", [1]);
        }

        Fix(volume, "/i", FileFlags.Immutable);
        Fix(volume, "/a", FileFlags.AppendOnly);
        Bytes.WriteAll(volume, "/out", [1]);

        (Action<string> Act, bool Adds)[] steps =
        [
            (d => volume.Delete($"{d}/f"), false),
            (d => volume.Move($"{d}/f", $"{d}/g"), false),
            (d => volume.Move($"{d}/f", "/moved"), false),
            (d => Bytes.WriteAll(volume, $"{d}/new", [1]), true),
            (d => volume.CreateDirectory($"{d}/sub"), true),
            (d => volume.CreateLink("/out", $"{d}/linked"), true),
            (d => volume.OpenTemporary(d).Dispose(), true),
            (d => volume.Move("/out", $"{d}/in"), true),
        ];
        foreach ((Action<string> act, bool adds) in steps)
        {
            Assert.Equal(Errno.EPERM, Refusal(() => act("/i")));
            Assert.Equal(adds ? Errno.Success : Errno.EPERM, Refusal(() => act("/a")));
        }

        // What is there is still said to be: the name is looked up before the flags are.
        Assert.Equal(Errno.EEXIST, Refusal(() => volume.OpenFile("/i/f", FileMode.CreateNew).Dispose()));
        Assert.Equal(Errno.ENOENT, Refusal(() => volume.Delete("/i/none")));
        VolumeProof.Check(volume);
    }

    [Fact]
    public void File_that_is_held_for_storing_does_not_become_immutable()
    {
        using VolumeFixture fixture = new(VolumeFixture.File);
        using Volume volume = fixture.Open(new VolumeOptions { LeaseTime = TimeSpan.FromMilliseconds(50) });
        Bytes.WriteAll(volume, "/f", Bytes.Of(8192, 1));
        using AditFile file = volume.OpenFile("/f");
        using (View view = file.Map(0, 8192, new ViewOptions { Kind = ViewKind.ReadWrite }))
        {
            Assert.Equal(Errno.EBUSY, Refusal(() => Fix(volume, "/f", FileFlags.Immutable)));
            Assert.Equal(FileFlags.DirectAccess, volume.GetFlags("/f"));
            view.WritableSlice(0, 1)[0] = 7;
        }

        using (Pin pin = file.Pin(0, 10, PinAccess.Write))
        {
            Assert.Equal(Errno.EBUSY, Refusal(() => Fix(volume, "/f", FileFlags.Immutable)));
        }

        // The page is mapped and was stored to: what gave access to it must not give it again.
        Fix(volume, "/f", FileFlags.Immutable);
        Assert.Equal(Errno.EPERM, Refusal(() => file.Pin(0, 10, PinAccess.Write).Dispose()));
        Fix(volume, "/f", FileFlags.None, FileFlags.Immutable);
        file.Pin(0, 10, PinAccess.Write).Dispose();
    }

    [Theory]
    [InlineData(FileFlags.None, false)]
    [InlineData(FileFlags.Sync, true)]
    [InlineData(FileFlags.DirectorySync, true)]
    public void Names_in_a_synchronous_directory_survive_without_a_sync(FileFlags flag, bool survives)
    {
        using SimulatedMedium medium = MakeSlowMedium();
        using Volume volume = Open(medium);
        volume.CreateDirectory("/d");
        volume.CreateDirectory("/e");
        volume.SetFlags("/d", flag);
        volume.SetFlags("/e", flag);
        Bytes.WriteAll(volume, "/d/old", [1]);
        Bytes.WriteAll(volume, "/d/gone", [1]);
        volume.Sync();

        AssertAfterCrash(() => volume.CreateDirectory("/d/made"), left => left.Exists("/d/made"));
        AssertAfterCrash(() => volume.OpenFile("/d/opened", FileMode.CreateNew).Dispose(), left => left.Exists("/d/opened"));
        AssertAfterCrash(() => volume.CreateLink("/d/old", "/d/linked"), left => left.Exists("/d/linked"));
        AssertAfterCrash(() => volume.Move("/d/linked", "/e/moved"), left => left.Exists("/e/moved") && !left.Exists("/d/linked"));
        AssertAfterCrash(() => volume.Delete("/d/gone"), left => !left.Exists("/d/gone"));

        void AssertAfterCrash(Action change, Func<Volume, bool> isThere)
        {
            change();
            using SimulatedMedium image = medium.MakeImageMedium(1);
            CrashState state = new();
            medium.Capture(state);
            medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, 1);
            using Volume left = Open(image);
            Assert.Equal(survives, isThere(left));
        }
    }

    [Theory]
    [InlineData(FileFlags.None, false)]
    [InlineData(FileFlags.Sync, true)]
    public void Bytes_of_a_synchronous_file_survive_without_a_sync(FileFlags flag, bool survives)
    {
        using SimulatedMedium medium = MakeSlowMedium();
        using Volume volume = Open(medium);
        Bytes.WriteAll(volume, "/f", new byte[4096]);
        volume.SetFlags("/f", flag);
        volume.Sync();
        using AditFile file = volume.OpenFile("/f");
        file.Write(100, [7]);
        file.Append([8]);

        using SimulatedMedium image = medium.MakeImageMedium(1);
        CrashState state = new();
        medium.Capture(state);
        medium.MakeImage(state, new ImageChoice(ImageMode.AllOld), image, mayCrash: false, 1);
        using Volume left = Open(image);
        byte[] bytes = Bytes.ReadAll(left, "/f");
        Assert.Equal(survives ? (4097, 7) : (4096, 0), (bytes.Length, bytes[100]));
    }

    [Fact]
    public void Library_needs_privilege_to_fix_a_file()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/f", [1]);
        AttributeChanges changes = new() { Fields = AttributeFields.Flags, Flags = (uint)FileFlags.Immutable };
        Errno expected = IsPrivileged() ? Errno.Success : Errno.EPERM;

        Assert.Equal(expected, Refusal(() => volume.SetFlags("/f", FileFlags.AppendOnly)));
        Assert.Equal(expected, Refusal(() => volume.SetFlags("/f", FileFlags.None, FileFlags.AppendOnly)));
        Assert.Equal(expected, Refusal(() => volume.SetAttributes("/f", in changes)));
        Assert.True(ProcessRights.MayOtherFixFiles(userId: 0, processId: 0));
        Assert.False(ProcessRights.MayOtherFixFiles(userId: 1, processId: 0));
        Assert.False(ProcessRights.MayOtherFixFiles(userId: 1, processId: uint.MaxValue));
    }

    [Fact]
    public void Nothing_of_another_project_enters_a_directory_that_passes_its_own_on()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/p");
        volume.SetProject("/p", 5);
        volume.SetFlags("/p", FileFlags.ProjectInherit);
        Bytes.WriteAll(volume, "/f", [1]);

        Assert.Equal(Errno.EXDEV, Refusal(() => volume.Move("/f", "/p/f")));
        Assert.Equal(Errno.EXDEV, Refusal(() => volume.CreateLink("/f", "/p/f")));
        volume.SetProject("/f", 5);
        volume.CreateLink("/f", "/p/g");
        volume.Move("/f", "/p/f");
        Assert.Equal(5u, volume.GetProject("/p/f"));

        // One that is put over another, or changes places with it, enters as well.
        Bytes.WriteAll(volume, "/other", [2]);
        Assert.Equal(Errno.EXDEV, Refusal(() => volume.Move("/other", "/p/g")));
        Assert.Equal(Errno.EXDEV, Refusal(() => volume.Move("/other", "/p/g", RenameFlags.Exchange)));
        Assert.Equal(Errno.EXDEV, Refusal(() => volume.Move("/p/g", "/other", RenameFlags.Exchange)));
    }

    [Fact]
    public void Project_of_a_directory_that_does_not_pass_it_on_stays_its_own()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/p");
        volume.SetProject("/p", 5);

        Bytes.WriteAll(volume, "/p/f", [1]);

        Assert.Equal(0u, volume.GetProject("/p/f"));
        Bytes.WriteAll(volume, "/g", [1]);
        volume.Move("/g", "/p/g");
    }

    [Fact]
    public void Reading_a_file_without_access_times_leaves_them()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        foreach (string path in new[] { "/with", "/without" })
        {
            Bytes.WriteAll(volume, path, Bytes.Of(100, 1));
            volume.SetAttributes(path, new AttributeChanges { Fields = AttributeFields.AccessTime, AccessTime = new Timestamp(1, 0) });
        }

        volume.SetFlags("/without", FileFlags.NoAccessTime);
        Bytes.ReadAll(volume, "/with");
        Bytes.ReadAll(volume, "/without");

        Assert.Equal(1, volume.GetAttributes("/without").AccessTime.Seconds);
        Assert.NotEqual(1, volume.GetAttributes("/with").AccessTime.Seconds);
    }

    [Theory]
    [InlineData(FileFlags.None, false, true)]
    [InlineData(FileFlags.NoAccessTime, true, true)]
    [InlineData(FileFlags.None, false, false)]
    [InlineData(FileFlags.NoAccessTime, true, false)]
    public void File_that_was_just_made_without_access_times_keeps_its_own(FileFlags inherited, bool keeps, bool isWritten)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        volume.SetFlags("/d", inherited);
        using AditFile made = volume.OpenFile("/d/made", FileMode.CreateNew);
        if (isWritten)
        {
            made.Write(0, [1]);
        }

        Timestamp before = made.Attributes.AccessTime;
        Thread.Sleep(30);

        made.Read(0, new byte[1]);

        Assert.Equal(keeps, made.Attributes.AccessTime == before);
    }

    /// <summary>Bit 9 of the effective capabilities that the kernel tells of this process is CAP_LINUX_IMMUTABLE; root may without.</summary>
    private static bool IsPrivileged()
    {
        string[] status = File.ReadAllLines("/proc/self/status");
        string[] users = status.Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t');
        string effective = status.Single(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1];
        return users[2] == "0" || (Convert.ToUInt64(effective, 16) & (1 << 9)) != 0;
    }

    /// <summary>As a mount does for root: the library itself asks for the privilege, which the test's user need not have.</summary>
    private static void Fix(Volume volume, string path, FileFlags set, FileFlags clear = FileFlags.None)
    {
        AttributeChanges changes = new() { Fields = AttributeFields.Flags, Flags = (uint)set, FlagsMask = (uint)(set | clear) };
        Errno errno = volume.SetAttributes(volume.GetAttributes(path).Inode, in changes, out _);
        if (errno != Errno.Success)
        {
            throw new AditException(errno, "fix", path, "refused");
        }
    }

    private static SimulatedMedium MakeSlowMedium()
    {
        SimulatedMedium medium = new(64 << 20, DurabilityModel.Page, 1);
        Volume.Format(medium, new FormatOptions());
        medium.Fence();
        return medium;
    }

    private static Volume Open(SimulatedMedium medium) => Volume.Open(medium, new VolumeOptions
    {
        LeaveMediumOpen = true,
        Store = new StoreOptions { BackgroundWork = false },
    });

    private static Errno Refusal(Action action)
    {
        try
        {
            action();
            return Errno.Success;
        }
        catch (AditException exception)
        {
            return exception.Errno;
        }
    }
}
