using System.Runtime.InteropServices;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

public sealed class FileTests
{
    private readonly MemoryNodes _nodes = new();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 4096)]
    [InlineData(4095, 10_000)]
    [InlineData(100_000, 1 << 20)]
    public void Written_bytes_are_read_back(int offset, int length)
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);

        Assert.Equal(Errno.Success, session.Write(node, handle, (ulong)offset, data));

        Assert.Equal(data, session.Read(node, handle, (ulong)offset, (uint)length));
        Assert.Equal(data[..(length / 2)], session.Read(node, handle, (ulong)offset, (uint)length / 2));
        Assert.Empty(session.Read(node, handle, (ulong)(offset + length), 100));
        Assert.Equal(new byte[Math.Min(offset, 8)], session.Read(node, handle, 0, (uint)Math.Min(offset, 8)));
    }

    [Fact]
    public void Read_whose_segments_do_not_suffice_is_copied()
    {
        using TestSession session = new(_nodes);
        _nodes.SegmentBytes = 100;
        (ulong node, ulong handle) = session.Create("f");
        byte[] data = new byte[300_000];
        new Random(3).NextBytes(data);
        session.Write(node, handle, 0, data);

        Assert.Equal(data, session.Read(node, handle, 0, 400_000));
    }

    [Fact]
    public void Direct_read_that_fails_replies_its_outcome()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        _nodes.DirectReadOutcome = Errno.EUCLEAN;

        Assert.Equal(Errno.EUCLEAN, session.Ask(Opcode.Read, node, out _, Struct(new ReadIn { Handle = handle, Size = 100 })));
    }

    [Fact]
    public void Reply_that_the_kernel_finds_malformed_is_followed_by_EIO()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        session.Write(node, handle, 0, new byte[10]);
        session.Transport.SendOutcomes.Enqueue(Errno.EINVAL);
        session.Transport.SendOutcomes.Enqueue(Errno.Success);

        Assert.Equal(Errno.EIO, session.Ask(Opcode.Read, node, out _, Struct(new ReadIn { Handle = handle, Size = 10 })));
        session.Transport.SendOutcomes.Enqueue(Errno.EINVAL);
        session.Transport.SendOutcomes.Enqueue(Errno.Success);
        Assert.Equal(Errno.EIO, session.Ask(Opcode.GetAttr, node, out _, Struct(new GetAttrIn())));
    }

    [Fact]
    public void Reply_from_memory_that_is_gone_is_logged_once_and_not_repeated()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        session.Write(node, handle, 0, new byte[10]);
        session.Transport.SendOutcomes.Enqueue(Errno.EFAULT);

        Assert.Null(session.Serve(Of(Opcode.Read, node, 77, Struct(new ReadIn { Handle = handle, Size = 10 }))));
        Assert.Single(session.Messages, message => message.Contains("cannot be read", StringComparison.Ordinal));
    }

    [Fact]
    public void Stale_and_invented_handles_are_EBADF()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        Assert.Equal(Errno.Success, session.Ask(Opcode.Release, node, out _, Struct(new ReleaseIn { Handle = handle })));

        foreach (ulong bad in (ulong[])[handle, handle + 1, handle + (1UL << 32), 0, ulong.MaxValue, 1UL << 63, 0x00000001_00FFFFFF])
        {
            Assert.Equal(Errno.EBADF, session.Ask(Opcode.Read, node, out _, Struct(new ReadIn { Handle = bad, Size = 1 })));
            Assert.Equal(Errno.EBADF, session.Write(node, bad, 0, [1]));
            Assert.Equal(Errno.EBADF, session.Ask(Opcode.Release, node, out _, Struct(new ReleaseIn { Handle = bad })));
            Assert.Equal(Errno.EBADF, session.Ask(Opcode.FSync, node, out _, Struct(new FSyncIn { Handle = bad })));
            Assert.Equal(Errno.EBADF, session.Ask(Opcode.LSeek, node, out _, Struct(new LSeekIn { Handle = bad, Whence = 3 })));
            Assert.Equal(Errno.EBADF, session.Ask(Opcode.FAllocate, node, out _, Struct(new FAllocateIn { Handle = bad, Length = 1 })));
        }

        (_, ulong again) = session.Create("g");
        Assert.NotEqual(handle, again);
        Assert.Equal((uint)handle, (uint)again);
    }

    [Fact]
    public void Write_through_a_handle_opened_for_reading_is_refused()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f", flags: 0);

        Assert.Equal(Errno.EBADF, session.Write(node, handle, 0, [1]));
    }

    [Fact]
    public void Write_shorter_than_it_says_is_refused()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");

        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Write, node, out _, Struct(new WriteIn { Handle = handle, Size = 100 }), new byte[99]));
        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Write, node, out _, Struct(new WriteIn { Handle = handle, Size = uint.MaxValue }), new byte[99]));
        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Write, node, out _, Struct(new WriteIn { Handle = handle, Offset = ulong.MaxValue, Size = 1 }), [1]));
    }

    [Fact]
    public void Time_with_more_nanoseconds_than_a_second_has_is_refused()
    {
        using TestSession session = new(_nodes);
        SetAttrIn request = new() { Valid = SetAttrFields.ModifyTime, ModifyNanoseconds = 1_000_000_000 };

        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.SetAttr, 1, out _, Struct(request)));
        Assert.Equal(Errno.Success, session.Ask(Opcode.SetAttr, 1, out _, Struct(request with { ModifyNanoseconds = 999_999_999 })));
    }

    [Fact]
    public void Append_goes_to_the_end_and_write_back_where_it_says()
    {
        const uint Append = 0x400;
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f", flags: 2 | Append);
        session.Write(node, handle, 0, [1, 2, 3], flags: Append);

        session.Write(node, handle, 0, [4], flags: Append);
        Assert.Equal([1, 2, 3, 4], session.Read(node, handle, 0, 10));

        session.Write(node, handle, 0, [9], writeFlags: WriteIn.FromCache, flags: Append);
        Assert.Equal([9, 2, 3, 4], session.Read(node, handle, 0, 10));
    }

    [Theory]
    [InlineData(0x8DEDu, 0x81EDu)]
    [InlineData(0x85E4u, 0x85E4u)]
    public void Write_that_may_not_keep_privileges_takes_them(uint mode, uint expected)
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f", mode: mode);

        session.Write(node, handle, 0, [1]);
        Assert.Equal(mode, session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(new GetAttrIn())).Attr.Mode);
        Assert.Empty(session.Notifications);
        session.Write(node, handle, 0, [1], writeFlags: WriteIn.KillSetIds);
        Assert.Equal(mode == expected ? 0 : 1, session.Notifications.Count);
        Assert.Equal(expected, session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(new GetAttrIn())).Attr.Mode);
    }

    [Fact]
    public void Privileges_given_to_an_open_file_are_taken_by_its_next_write()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f", mode: 0x81ED);
        session.Write(node, handle, 0, [1], writeFlags: WriteIn.KillSetIds);
        session.Ask<AttrOut>(Opcode.SetAttr, node, Struct(new SetAttrIn { Valid = SetAttrFields.Mode, Mode = 0x9ED }));

        session.Write(node, handle, 0, [1], writeFlags: WriteIn.KillSetIds);

        Assert.Equal(0x81EDu, session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(new GetAttrIn())).Attr.Mode);
    }

    [Fact]
    public void Chown_truncation_and_fallocate_take_privileges()
    {
        using TestSession session = new(_nodes);
        uint Mode(ulong node) => session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(new GetAttrIn())).Attr.Mode;

        (ulong chowned, _) = session.Create("a", mode: 0x89ED);
        session.AskAs(0, Opcode.SetAttr, chowned, out _, Struct(new SetAttrIn { Valid = SetAttrFields.UserId, UserId = 5 }));
        Assert.Equal(0x81EDu, Mode(chowned));

        (ulong cut, _) = session.Create("b", mode: 0x89ED);
        session.Ask<AttrOut>(Opcode.SetAttr, cut, Struct(new SetAttrIn { Valid = SetAttrFields.Size }));
        Assert.Equal(0x89EDu, Mode(cut));
        session.Ask<AttrOut>(Opcode.SetAttr, cut, Struct(new SetAttrIn { Valid = SetAttrFields.Size | SetAttrFields.KillSetIds }));
        Assert.Equal(0x81EDu, Mode(cut));

        (ulong allocated, ulong handle) = session.Create("c", mode: 0x89ED);
        Assert.Equal(Errno.Success, session.AskAs(0, Opcode.FAllocate, allocated, out _, Struct(new FAllocateIn { Handle = handle, Length = 10 })));
        Assert.Equal(0x89EDu, Mode(allocated));
        Assert.Equal(Errno.Success, session.Ask(Opcode.FAllocate, allocated, out _, Struct(new FAllocateIn { Handle = handle, Length = 10 })));
        Assert.Equal(0x81EDu, Mode(allocated));
    }

    [Fact]
    public void File_capabilities_go_with_the_first_write_and_with_a_new_owner()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        byte[] set = Struct(new SetXAttrIn { Size = 3 });
        Errno Has() => session.Ask(Opcode.GetXAttr, node, out _, Struct(new GetXAttrIn { Size = 100 }), Name("security.capability"));
        void Give() => Assert.Equal(Errno.Success, session.Ask(Opcode.SetXAttr, node, out _, set, Struct(default(SetXAttrExtension)), Name("security.capability"), [1, 2, 3]));

        Give();
        Assert.Equal(Errno.Success, Has());
        session.Write(node, handle, 0, [1], userId: 0);
        Assert.Equal(Errno.ENODATA, Has());
        Give();
        session.Write(node, handle, 0, [1], userId: 0);
        Assert.Equal(Errno.ENODATA, Has());
        Give();
        session.AskAs(0, Opcode.SetAttr, node, out _, Struct(new SetAttrIn { Valid = SetAttrFields.UserId, UserId = 5 }));
        Assert.Equal(Errno.ENODATA, Has());
    }

    [Fact]
    public void Open_flags_follow_the_dax_option_and_the_kind_of_file()
    {
        const OpenReplyFlags Direct = OpenReplyFlags.DirectIo | OpenReplyFlags.ParallelDirectWrites | OpenReplyFlags.NoFlush;
        OpenReplyFlags Open(DaxMode dax, uint mode, uint flags)
        {
            using TestSession session = new(new MemoryNodes(), new MountOptions { ReaderCount = 2, Dax = dax });
            (ulong node, _) = session.Create("f", mode: mode);
            return session.Ask<OpenOut>(Opcode.Open, node, Struct(new OpenIn { Flags = flags })).Flags;
        }

        Assert.Equal(Direct, Open(DaxMode.Inode, 0x81A4, 0));
        Assert.Equal(OpenReplyFlags.NoFlush, Open(DaxMode.Inode, 0x81ED, 0));
        Assert.Equal(Direct, Open(DaxMode.Inode, 0x81ED, 2));
        Assert.Equal(OpenReplyFlags.NoFlush, Open(DaxMode.Inode, 0x81A4, 0x20));
        Assert.Equal(Direct, Open(DaxMode.Always, 0x81ED, 0));
        Assert.Equal(OpenReplyFlags.NoFlush, Open(DaxMode.Never, 0x81A4, 2));
    }

    [Fact]
    public void Create_of_a_name_that_came_meanwhile_opens_it_unless_exclusive()
    {
        using TestSession session = new(_nodes);
        (ulong first, ulong handle) = session.Create("f");
        session.Write(first, handle, 0, [1, 2, 3]);

        (ulong second, ulong other) = session.Create("f");

        Assert.Equal(first, second);
        Assert.NotEqual(handle, other);
        Assert.Equal([1, 2, 3], session.Read(second, other, 0, 10));
        Assert.Equal(Errno.EEXIST, session.Ask(Opcode.Create, 1, out _, Struct(new CreateIn { Flags = 2 | 0x80, Mode = 0x81A4 }), Name("f")));
    }

    [Fact]
    public void Copy_file_range_copies_and_refuses_to_overlap()
    {
        using TestSession session = new(_nodes);
        (ulong from, ulong fromHandle) = session.Create("from");
        (ulong to, ulong toHandle) = session.Create("to");
        byte[] data = new byte[3_000_000];
        new Random(1).NextBytes(data);
        for (int at = 0; at < data.Length; at += 1_000_000)
        {
            session.Write(from, fromHandle, (ulong)at, data[at..(at + 1_000_000)]);
        }

        CopyFileRangeIn copy = new() { HandleIn = fromHandle, NodeIdOut = to, HandleOut = toHandle, OffsetOut = 10, Length = 1UL << 40 };
        Assert.Equal(3_000_000ul, session.Ask<CopyFileRangeOut>(Opcode.CopyFileRange64, from, Struct(copy)).BytesCopied);
        Assert.Equal(data[..1000], session.Read(to, toHandle, 10, 1000));
        Assert.Equal(data[^1000..], session.Read(to, toHandle, 3_000_010 - 1000, 5000));
        Assert.Equal(7u, session.Ask<WriteOut>(Opcode.CopyFileRange, from, Struct(copy with { Length = 7 })).Size);

        CopyFileRangeIn overlapping = new() { HandleIn = fromHandle, NodeIdOut = from, HandleOut = fromHandle, OffsetOut = 10, Length = 100 };
        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.CopyFileRange, from, out _, Struct(overlapping)));
    }

    [Fact]
    public void Read_only_mount_refuses_every_change()
    {
        using TestSession session = new(_nodes, new MountOptions { ReaderCount = 2, ReadOnly = true });

        Assert.Equal(Errno.EROFS, session.Ask(Opcode.MkDir, 1, out _, Struct(new MkDirIn { Mode = 0x1FF }), Name("d")));
        Assert.Equal(Errno.EROFS, session.Ask(Opcode.Open, 1, out _, Struct(new OpenIn { Flags = 1 })));
        Assert.Equal(Errno.EROFS, session.Ask(Opcode.SetAttr, 1, out _, Struct(new SetAttrIn())));
        Assert.Equal(Errno.EROFS, session.Ask(Opcode.IoCtl, 1, out _, Struct(new IoCtlIn { Command = 0x40086602, InSize = 4 }), [0x40, 0, 0, 0]));
        Assert.Equal(Errno.Success, session.Ask(Opcode.GetAttr, 1, out _, Struct(new GetAttrIn())));
    }

    [Fact]
    public void Synchronous_mount_makes_each_change_durable_before_its_reply()
    {
        using TestSession session = new(_nodes, new MountOptions { ReaderCount = 2, Synchronous = true });
        session.Ask<EntryOut>(Opcode.MkDir, 1, Struct(new MkDirIn { Mode = 0x1FF }), Name("d"));

        Assert.Equal(1, _nodes.SyncCount);
    }

    [Fact]
    public void Write_with_a_durable_flag_of_its_own_is_synced()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("f");
        session.Write(node, handle, 0, [1]);
        Assert.Equal(0, _nodes.SyncCount);

        session.Write(node, handle, 0, [1], flags: 0x1000);

        Assert.Equal(1, _nodes.SyncCount);
    }

    [Fact]
    public void Inode_flags_are_shown_and_set_by_their_owner_only()
    {
        using TestSession session = new(_nodes);
        (ulong node, _) = session.Create("f");
        byte[] get = Struct(new IoCtlIn { Command = 0x80086601, OutSize = 4 });
        byte[] set = Struct(new IoCtlIn { Command = 0x40086602, InSize = 4 });
        byte[] dax = [0, 0, 0, 2];

        Assert.Equal(Errno.EPERM, session.AskAs(1001, Opcode.IoCtl, node, out _, set, dax));
        Assert.Equal(Errno.Success, session.Ask(Opcode.IoCtl, node, out _, set, dax));
        Assert.Equal(Errno.Success, session.Ask(Opcode.IoCtl, node, out byte[] shown, get));
        Assert.Equal([.. new byte[16], .. dax], shown);
        Assert.Equal(Errno.ENOTSUP, session.AskAs(0, Opcode.IoCtl, node, out _, set, [0x01, 0, 0, 2]));
        Assert.Equal(Errno.EPERM, session.Ask(Opcode.IoCtl, node, out _, set, [0x10, 0, 0, 2]));
        Assert.Equal(Errno.EPERM, session.Ask(Opcode.IoCtl, node, out _, set, [0x20, 0, 0, 2]));
        Assert.Equal(Errno.Success, session.AskAs(0, Opcode.IoCtl, node, out _, set, [0x10, 0, 0, 2]));
        Assert.Equal(Errno.EPERM, session.Ask(Opcode.IoCtl, node, out _, set, dax));
        Assert.Equal(Errno.Success, session.AskAs(0, Opcode.IoCtl, node, out _, set, dax));
        Assert.Equal(Errno.ENOTTY, session.Ask(Opcode.IoCtl, node, out _, Struct(new IoCtlIn { Command = 0x5401 })));

        Assert.Equal(Errno.Success, session.Ask(Opcode.IoCtl, node, out byte[] extended, Struct(new IoCtlIn { Command = 0x801C581F, OutSize = 28 })));
        Assert.Equal(16 + 28, extended.Length);
        Assert.Equal(0x8000u, MemoryMarshal.Read<uint>(extended.AsSpan(16)));
        Assert.Equal(Errno.Success, session.Ask(Opcode.IoCtl, node, out _, Struct(new IoCtlIn { Command = 0x401C5820, InSize = 28 }), new byte[28]));
        session.Ask(Opcode.IoCtl, node, out shown, get);
        Assert.Equal(new byte[20], shown);
    }

    [Fact]
    public void Interrupt_marks_the_request_in_work_and_nothing_else()
    {
        using TestSession session = new(_nodes);
        Fuse.Session.ReaderChannel channel = session.Session.Channels[1];
        channel.Begin(new InHeader { Unique = 42, Opcode = Opcode.CopyFileRange });

        Assert.Null(session.Serve(Of(Opcode.Interrupt, 0, 43, Struct(new InterruptIn { Unique = 41 }))));
        Assert.False(channel.IsInterrupted);
        session.Serve(Of(Opcode.Interrupt, 0, 43, Struct(new InterruptIn { Unique = 42 })));
        Assert.True(channel.IsInterrupted);
        channel.End();
        channel.Begin(new InHeader { Unique = 44, Opcode = Opcode.CopyFileRange });
        Assert.False(channel.IsInterrupted);
    }

    [Theory]
    [InlineData(Opcode.Access)]
    [InlineData(Opcode.Flush)]
    [InlineData(Opcode.Poll)]
    [InlineData(Opcode.BMap)]
    [InlineData(Opcode.GetLk)]
    [InlineData(Opcode.SetLk)]
    [InlineData(Opcode.SetupMapping)]
    [InlineData((Opcode)54)]
    [InlineData((Opcode)4096)]
    [InlineData((Opcode)uint.MaxValue)]
    [InlineData((Opcode)0)]
    public void Operation_that_is_the_kernels_or_unknown_is_ENOSYS(object opcode)
    {
        using TestSession session = new(_nodes);

        Assert.Equal(Errno.ENOSYS, session.Ask((Opcode)opcode, 1, out _, new byte[64]));
    }
}
