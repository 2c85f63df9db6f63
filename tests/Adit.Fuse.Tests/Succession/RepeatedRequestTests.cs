using System.Runtime.InteropServices;
using System.Text;
using Adit.Format;
using Adit.Fuse.Options;
using Adit.Fuse.Session;
using Adit.Fuse.Succession;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Succession;

/// <summary>A server is killed at a named point of a request, another one takes over and the kernel asks again: the answer and the state are those
/// of a server that was not killed.</summary>
public sealed class RepeatedRequestTests
{
    private const ulong Unique = 5000;

    public enum Point
    {
        /// <summary>The record is made and not written.</summary>
        BeforeCommit,

        /// <summary>The record is written, nothing else is done.</summary>
        AfterCommit,

        /// <summary>The reply is whole and not sent.</summary>
        BeforeReply,
    }

    public static TheoryData<string, Point, MediumKind> Cases
    {
        get
        {
            TheoryData<string, Point, MediumKind> cases = [];
            foreach (string name in Requests.Keys)
            {
                foreach (Point point in Enum.GetValues<Point>())
                {
                    foreach (MediumKind kind in new[] { MediumKind.File, MediumKind.PmemEmulated })
                    {
                        // Nobody is told of a file without a name.
                        if (point != Point.AfterCommit || name != "tmpfile")
                        {
                            cases.Add(name, point, kind);
                        }
                    }
                }
            }

            return cases;
        }
    }

    private static Dictionary<string, Func<Scene, byte[]>> Requests => new()
    {
        ["create"] = _ => Of(Opcode.Create, 1, Unique, Struct(new CreateIn { Flags = 2, Mode = 0x81A4 }), Name("new")),
        ["create exclusively"] = _ => Of(Opcode.Create, 1, Unique, Struct(new CreateIn { Flags = 2 | 0x80, Mode = 0x81A4 }), Name("new")),
        ["mknod"] = _ => Of(Opcode.MkNod, 1, Unique, Struct(new MkNodIn { Mode = 0x81A4 }), Name("new")),
        ["mkdir"] = _ => Of(Opcode.MkDir, 1, Unique, Struct(new MkDirIn { Mode = 0x1ED }), Name("new")),
        ["symlink"] = _ => Of(Opcode.SymLink, 1, Unique, Name("new"), Name("target")),
        ["link"] = scene => Of(Opcode.Link, 1, Unique, Struct(new LinkIn { OldNodeId = scene.File }), Name("new")),
        ["tmpfile"] = _ => Of(Opcode.TmpFile, 1, Unique, Struct(new CreateIn { Flags = 2, Mode = 0x81A4 }), Name("/")),
        ["unlink"] = _ => Of(Opcode.Unlink, 1, Unique, Name("file")),
        ["rmdir"] = _ => Of(Opcode.RmDir, 1, Unique, Name("directory")),
        ["rename"] = _ => Of(Opcode.Rename, 1, Unique, Struct(new RenameIn { NewDirectory = 1 }), Name("file"), Name("new")),
        ["rename over another"] = _ => Of(Opcode.Rename, 1, Unique, Struct(new RenameIn { NewDirectory = 1 }), Name("file"), Name("other")),
        ["exchange"] = _ => Of(Opcode.Rename2, 1, Unique, Struct(new Rename2In { NewDirectory = 1, Flags = 2 }), Name("file"), Name("other")),
        ["setxattr that creates"] = scene => Of(
            Opcode.SetXAttr, scene.File, Unique, Struct(new SetXAttrIn { Size = 5, Flags = 1 }), Struct(default(SetXAttrExtension)), Name("user.new"), "value"u8.ToArray()),
        ["removexattr"] = scene => Of(Opcode.RemoveXAttr, scene.File, Unique, Name("user.old")),
        ["append"] = scene => Of(Opcode.Write, scene.File, Unique, Struct(new WriteIn { Handle = scene.Handle, Size = 4, Flags = 0x402 }), "more"u8.ToArray()),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Repeated_request_gives_the_answer_that_was_lost(string name, Point point, MediumKind kind)
    {
        using Scene undisturbed = new(kind);
        Errno expected = undisturbed.Serve(Requests[name](undisturbed));
        string wanted = undisturbed.Describe();
        Assert.Equal(Errno.Success, expected);

        using Scene killed = new(kind);
        byte[] request = Requests[name](killed);
        killed.ServeAndDie(request, point);
        using Scene successor = killed.TakeOver();
        if (point == Point.BeforeCommit)
        {
            Assert.Null(successor.TakeReply(Unique));
            BitConverter.GetBytes(Unique | InHeader.ResendBit).CopyTo(request, Marshal.OffsetOf<InHeader>(nameof(InHeader.Unique)).ToInt32());
            Assert.Equal(Errno.Success, successor.ServeAgain(request));
        }
        else
        {
            // The caller may be killed before it is asked again, and then what the reply gives would be held for ever.
            Assert.Equal(Errno.Success, successor.TakeReply(Unique));
        }

        Assert.Equal(wanted, successor.Describe());
    }

    [Theory]
    [InlineData(nameof(Opcode.Lookup))]
    [InlineData(nameof(Opcode.ReadDirPlus))]
    public void Lookups_of_a_reply_that_was_whole_are_given_once(string name)
    {
        Opcode opcode = Enum.Parse<Opcode>(name);
        byte[] arguments = opcode == Opcode.Lookup ? Name("file") : Struct(new ReadIn { Size = 4096 });
        using Scene undisturbed = new(MediumKind.File);
        Assert.Equal(Errno.Success, undisturbed.Serve(Of(opcode, 1, Unique, arguments)));
        using Scene killed = new(MediumKind.File);
        killed.ServeAndDie(Of(opcode, 1, Unique, arguments), Point.BeforeReply);
        using Scene successor = killed.TakeOver();

        Assert.Equal(Errno.Success, successor.TakeReply(Unique));
        Assert.Equal(undisturbed.Describe(), successor.Describe());
    }

    [Theory]
    [InlineData(MediumKind.File)]
    [InlineData(MediumKind.PmemEmulated)]
    public void Request_to_forget_that_was_read_and_not_done_is_done(MediumKind kind)
    {
        using Scene killed = new(kind);
        ulong node = killed.Session.Create("held").Node;
        Assert.True(killed.Session.Session.Lookups.IsKnown(new InodeNumber(node)));
        killed.Session.Load(Of(Opcode.Forget, node, Unique, Struct(new ForgetIn { Count = 1 })));
        killed.Kill();
        using Scene successor = killed.TakeOver();

        Assert.False(successor.Session.Session.Lookups.IsKnown(new InodeNumber(node)));
    }

    [Theory]
    [InlineData(MediumKind.File)]
    [InlineData(MediumKind.PmemEmulated)]
    public void Open_file_without_a_name_lives_until_the_successor_is_told_to_forget_it(MediumKind kind)
    {
        using Scene killed = new(kind);
        (ulong node, ulong handle) = killed.Session.Create("gone");
        Assert.Equal(Errno.Success, killed.Session.Write(node, handle, 0, "kept"u8.ToArray()));
        Assert.Equal(Errno.Success, killed.Session.Ask(Opcode.Unlink, 1, out _, Name("gone")));
        killed.Kill();
        using Scene successor = killed.TakeOver();

        Assert.Equal("kept"u8.ToArray(), successor.Session.Read(node, handle, 0, 100));
        Assert.Equal(Errno.Success, successor.Session.Write(node, handle, 4, " and grown"u8.ToArray()));
        Assert.Equal("kept and grown"u8.ToArray(), successor.Session.Read(node, handle, 0, 100));
        long before = successor.InodeCount;
        Assert.Equal(Errno.Success, successor.Session.Ask(Opcode.Release, node, out _, Struct(new ReleaseIn { Handle = handle })));
        successor.Session.Serve(Of(Opcode.Forget, node, Unique + 1, Struct(new ForgetIn { Count = 1 })));
        Assert.Equal(before - 1, successor.InodeCount);
    }

    [Fact]
    public void Files_without_a_name_get_their_first_from_a_successor_that_has_not_come_to_all_of_them()
    {
        using Scene killed = new(MediumKind.File);
        byte[] create = Struct(new CreateIn { Flags = 2, Mode = 0x81A4 });
        ulong[] nodes = [.. Enumerable.Range(0, 5).Select(_ => killed.Session.Ask<EntryOut>(Opcode.TmpFile, 1, create, Name("/")).NodeId)];
        killed.Kill();
        using Scene successor = killed.TakeOver(new HastyTime());

        // From the last on: the first was looked at when the volume was opened.
        Assert.All(nodes.Reverse(), node => Assert.Equal(Errno.Success, successor.Session.Ask(Opcode.Link, 1, out _, Struct(new LinkIn { OldNodeId = node }), Name($"n{node}"))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Truncation_that_a_kill_cut_short_shows_no_old_bytes_when_the_file_grows_before_it_is_finished(bool isNamed)
    {
        const int Page = 4096;
        const int Pages = 600;
        using Scene killed = new(MediumKind.File);

        // One that is looked at before.
        killed.Session.Ask<EntryOut>(Opcode.TmpFile, 1, Struct(new CreateIn { Flags = 2, Mode = 0x81A4 }), Name("/"));
        (ulong node, ulong handle) = killed.Session.Create("long");
        byte[] old = [.. Enumerable.Repeat((byte)0xA5, Page)];
        for (ulong page = 0; page < Pages; page += 2)
        {
            Assert.Equal(Errno.Success, killed.Session.Write(node, handle, page * Page, old));
        }

        if (!isNamed)
        {
            Assert.Equal(Errno.Success, killed.Session.Ask(Opcode.Unlink, 1, out _, Name("long")));
        }

        killed.KillBeforeCommit(2, () => killed.Session.Ask(Opcode.SetAttr, node, out _, Struct(new SetAttrIn { Valid = SetAttrFields.Size, Size = Page })));
        using Scene successor = killed.TakeOver(new HastyTime());

        Assert.Equal(Errno.Success, successor.Session.Write(node, handle, Pages * Page, old));
        for (ulong page = 1; page < Pages; page++)
        {
            Assert.Equal(new byte[Page], successor.Session.Read(node, handle, page * Page, Page));
        }
    }

    [Fact]
    public void Memory_of_another_version_is_refused()
    {
        SessionMemory memory = SessionMemory.CreateShared();
        memory.Head.Version++;
        MountException refusal = Assert.Throws<MountException>(() => SessionMemory.Open(memory.File!));
        Assert.Equal(Errno.EPROTO, refusal.Errno);
    }

    /// <summary>Each look at it is a second later: whatever has a limit of time stops after its first step.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private long _timestamp;

        public override long GetTimestamp() => Interlocked.Add(ref _timestamp, TimestampFrequency);
    }

    /// <summary>A server over a small volume with a few names, without a kernel.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly string _path;
        private readonly KilledServer _killed;
        private readonly SessionMemory _memory;
        private readonly HookedSuccession _succession;
        private readonly Volume _volume;
        private bool _isStarted;

        public Scene(MediumKind kind)
            : this(Format(kind), SessionMemory.CreateShared(), resumes: false)
        {
            (File, Handle) = Session.Create("file");
            Assert.Equal(Errno.Success, Session.Write(File, Handle, 0, "content"u8.ToArray()));
            Session.Create("other");
            Session.Ask<EntryOut>(Opcode.MkDir, 1, Struct(new MkDirIn { Mode = 0x1ED }), Name("directory"));
            Assert.Equal(Errno.Success, Session.Ask(
                Opcode.SetXAttr, File, out _, Struct(new SetXAttrIn { Size = 1 }), Struct(default(SetXAttrExtension)), Name("user.old"), "1"u8.ToArray()));
        }

        private Scene(string path, SessionMemory memory, bool resumes, TimeProvider? time = null)
        {
            _path = path;
            _memory = memory;
            _killed = new KilledServer(path, memory);
            _succession = new HookedSuccession(memory);
            StoreOptions store = new() { CommitInterval = TimeSpan.FromHours(1), Staging = _succession.Staging, Witness = _succession, Time = time ?? TimeProvider.System };
            _volume = Volume.Open(path, new VolumeOptions { Succession = _succession, Store = store });
            Session = new TestSession(_volume, new MountOptions { ReaderCount = 2 }, negotiate: !resumes, memory);
            if (resumes)
            {
                Assert.Equal(Errno.Success, Session.Session.Resume());
                Session.Session.CommitOnThisThread();
            }
        }

        public TestSession Session { get; }

        public ulong File { get; private set; }

        public ulong Handle { get; private set; }

        public long InodeCount => _volume.GetSpace().InodeCount - _volume.GetSpace().FreeInodeCount;

        public Errno Serve(byte[] request) => Outcome(Session.Serve(request)!);

        /// <summary>The picture of a kill is taken at a point of the request; what comes later is lost with the server.</summary>
        public void ServeAndDie(byte[] request, Point point)
        {
            using IDisposable watching = _volume.Observe(new ChangeHook(() =>
            {
                if (point == Point.AfterCommit)
                {
                    _killed.Take();
                }
            }));
            if (point == Point.BeforeCommit)
            {
                _succession.BeforeCommit = _killed.Take;
            }
            else if (point == Point.BeforeReply)
            {
                Session.Transport.Sending = _killed.Take;
            }

            Session.Serve(request);
        }

        public void Kill() => _killed.Take();

        /// <summary>The picture of a kill is taken before the n-th commit of what is done.</summary>
        public void KillBeforeCommit(int number, Action action)
        {
            _succession.BeforeCommit = () =>
            {
                if (--number == 0)
                {
                    _killed.Take();
                }
            };
            action();
            Assert.True(_killed.IsTaken, "it took fewer commits");
        }

        /// <param name="time">By which the successor measures how long something takes.</param>
        public Scene TakeOver(TimeProvider? time = null) => new(_killed.Volume, _killed.OpenMemory(), resumes: true, time) { File = File, Handle = Handle };

        /// <summary>Has the session answer what the kernel sends again.</summary>
        public Errno ServeAgain(byte[] request)
        {
            Session.Transport.Put(request);
            Session.Session.Start();
            _isStarted = true;
            return TakeReply(Unique | InHeader.ResendBit) ?? throw new InvalidOperationException("the request was not answered");
        }

        /// <summary>What was replied to a request; null: nothing.</summary>
        public Errno? TakeReply(ulong unique)
        {
            while (Session.Transport.Replies.TryDequeue(out byte[]? reply))
            {
                if (MemoryMarshal.Read<OutHeader>(reply).Unique == unique)
                {
                    return Outcome(reply);
                }
            }

            return null;
        }

        /// <summary>Names, what they stand for and what the kernel holds of it.</summary>
        public string Describe()
        {
            StringBuilder text = new();
            foreach (string name in new[] { "file", "other", "directory", "new" })
            {
                Errno outcome = _volume.Lookup(InodeNumber.Root, Encoding.UTF8.GetBytes(name), out NodeAttributes found);
                text.Append(name).Append(": ").Append(outcome);
                if (outcome == Errno.Success)
                {
                    _volume.Forget(found.Inode, 1);
                    text.Append($" inode {found.Inode} mode {Convert.ToString(found.Mode, 8)} links {found.LinkCount} size {found.SizeBytes} {Content(found.Inode)}");
                    foreach (string attribute in new[] { "user.old", "user.new" })
                    {
                        text.Append(' ').Append(_volume.GetExtendedAttribute(found.Inode, Encoding.UTF8.GetBytes(attribute), default, out _));
                    }
                }

                text.AppendLine();
            }

            text.AppendLine($"inodes {InodeCount}, open {Session.Session.Handles.OpenCount}, held {Held()}");
            return text.ToString();
        }

        public void Dispose()
        {
            Session.Transport.End();
            Assert.True(!_isStarted || Session.Session.WaitForEnd(TimeSpan.FromSeconds(20)));
            Session.Dispose();
            _volume.Dispose();
            _memory.Dispose();
            _killed.Dispose();
            System.IO.File.Delete(_path);
        }

        private unsafe string Held()
        {
            SortedDictionary<ulong, ulong> held = [];
            for (long place = 0; place < _memory.Head.HeldCount; place++)
            {
                if (_memory.Held[place].Count != 0)
                {
                    held.Add(_memory.Held[place].Inode, _memory.Held[place].Count);
                }
            }

            return string.Join(' ', held.Select(pair => $"{pair.Key}x{pair.Value}"));
        }

        private string Content(InodeNumber inode)
        {
            if (_volume.Open(inode, OpenIntent.Read, out IOpenFile? file) != Errno.Success)
            {
                return "-";
            }

            using (file)
            {
                byte[] bytes = new byte[100];
                Assert.Equal(Errno.Success, file!.Read(0, bytes, out int count));
                return Encoding.UTF8.GetString(bytes, 0, count);
            }
        }

        private static Errno Outcome(byte[] reply) => (Errno)(-MemoryMarshal.Read<OutHeader>(reply).Error);

        private static string Format(MediumKind kind)
        {
            string path = $"/dev/shm/adit-repeat-{Guid.NewGuid():N}";
            Volume.Format(path, new CreateOptions { SizeBytes = 16 << 20, Kind = kind });
            return path;
        }
    }
}
