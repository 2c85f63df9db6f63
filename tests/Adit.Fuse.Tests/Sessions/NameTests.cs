using System.Runtime.InteropServices;
using System.Text;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

public sealed class NameTests
{
    private readonly MemoryNodes _nodes = new();

    [Fact]
    public void Lookup_of_a_missing_name_is_remembered_as_missing()
    {
        using TestSession session = new(_nodes);

        EntryOut entry = session.Ask<EntryOut>(Opcode.Lookup, 1, Name("nothing"));

        Assert.Equal(0ul, entry.NodeId);
        Assert.True(entry.EntryValidSeconds > 3600);
    }

    [Fact]
    public void Lookup_replies_node_generation_and_attributes_and_is_held_until_forgotten()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("a");
        session.Ask(Opcode.Release, node, out _, Struct(new ReleaseIn { Handle = handle }));

        EntryOut entry = session.Ask<EntryOut>(Opcode.Lookup, 1, Name("a"));

        Assert.Equal(node, entry.NodeId);
        Assert.Equal(7ul, entry.Generation);
        Assert.Equal(0x81A4u, entry.Attr.Mode);
        Assert.Equal(1000u, entry.Attr.UserId);
        Assert.Equal(1_700_000_000ul, entry.Attr.ModifySeconds);
        Assert.Equal(5u, entry.Attr.ModifyNanoseconds);
        Assert.Equal(2, _nodes.RetainedOf(node));
        Assert.Null(session.Serve(Of(Opcode.Forget, node, 5, Struct(new ForgetIn { Count = 1 }))));
        Assert.Equal(1, _nodes.RetainedOf(node));
        Assert.Equal(1, session.Session.Lookups.InodeCount);

        // More than is held is not given back.
        session.Serve(Of(Opcode.BatchForget, 0, 6, Struct(new BatchForgetIn { Count = 2 }), Struct(new ForgetOne { NodeId = node, Count = 99 }), Struct(new ForgetOne { NodeId = 12345, Count = 1 })));
        Assert.Equal(0, _nodes.RetainedOf(node));
        Assert.Equal(0, session.Session.Lookups.InodeCount);
    }

    [Theory]
    [InlineData("", Errno.EINVAL)]
    [InlineData(".", Errno.EINVAL)]
    [InlineData("..", Errno.EINVAL)]
    [InlineData("a/b", Errno.EINVAL)]
    public void Name_that_no_kernel_sends_is_refused(string name, Errno expected)
    {
        using TestSession session = new(_nodes);

        // A file handle is opened by looking its inode up as "." in itself, and what is above it as "..".
        bool isDots = name is "." or "..";
        Assert.Equal(isDots ? Errno.Success : expected, session.Ask(Opcode.Lookup, 1, out _, Name(name)));
        Assert.Equal(expected, session.Ask(Opcode.MkDir, 1, out _, Struct(new MkDirIn { Mode = 0x1FF }), Name(name)));
        Assert.Equal(expected, session.Ask(Opcode.Unlink, 1, out _, Name(name)));
    }

    [Fact]
    public void Name_of_256_bytes_is_too_long_and_one_of_255_is_not()
    {
        using TestSession session = new(_nodes);

        Assert.Equal(Errno.ENAMETOOLONG, session.Ask(Opcode.Lookup, 1, out _, Name(new string('x', 256))));
        Assert.Equal(Errno.Success, session.Ask(Opcode.MkDir, 1, out _, Struct(new MkDirIn { Mode = 0x1FF }), Name(new string('x', 255))));
    }

    [Fact]
    public void Name_without_its_zero_is_refused()
    {
        using TestSession session = new(_nodes);

        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Lookup, 1, out _, Encoding.UTF8.GetBytes("a")));
    }

    [Fact]
    public void Umask_is_taken_off_a_new_mode()
    {
        using TestSession session = new(_nodes);

        EntryOut entry = session.Ask<EntryOut>(Opcode.MkDir, 1, Struct(new MkDirIn { Mode = 0x1FF, Umask = 0x12 }), Name("d"));

        Assert.Equal(0x41EDu, entry.Attr.Mode);
    }

    [Fact]
    public void Nodes_of_every_kind_are_made()
    {
        using TestSession session = new(_nodes);

        EntryOut fifo = session.Ask<EntryOut>(Opcode.MkNod, 1, Struct(new MkNodIn { Mode = 0x11A4 }), Name("fifo"));
        EntryOut device = session.Ask<EntryOut>(Opcode.MkNod, 1, Struct(new MkNodIn { Mode = 0x21A4, Device = 0x103 }), Name("null"));
        EntryOut link = session.Ask<EntryOut>(Opcode.SymLink, 1, Name("link"), Name("some/where"));

        Assert.Equal(0x11A4u, fifo.Attr.Mode);
        Assert.Equal(0x103u, device.Attr.Device);
        Assert.Equal(0xA1FFu, link.Attr.Mode);
        Assert.Equal(Errno.Success, session.Ask(Opcode.ReadLink, link.NodeId, out byte[] target));
        Assert.Equal("some/where", Encoding.UTF8.GetString(target));
    }

    [Fact]
    public void Link_rename_unlink_and_rmdir_do_what_they_say()
    {
        using TestSession session = new(_nodes);
        (ulong node, ulong handle) = session.Create("a");
        session.Ask(Opcode.Release, node, out _, Struct(new ReleaseIn { Handle = handle }));
        EntryOut directory = session.Ask<EntryOut>(Opcode.MkDir, 1, Struct(new MkDirIn { Mode = 0x1FF }), Name("d"));

        Assert.Equal(2u, session.Ask<EntryOut>(Opcode.Link, directory.NodeId, Struct(new LinkIn { OldNodeId = node }), Name("b")).Attr.LinkCount);
        Assert.Equal(Errno.Success, session.Ask(Opcode.Rename, 1, out _, Struct(new RenameIn { NewDirectory = directory.NodeId }), Name("a"), Name("c")));
        Assert.Equal(Errno.EEXIST, session.Ask(Opcode.Rename2, directory.NodeId, out _, Struct(new Rename2In { NewDirectory = directory.NodeId, Flags = 1 }), Name("b"), Name("c")));
        Assert.Equal(Errno.ENOTEMPTY, session.Ask(Opcode.RmDir, 1, out _, Name("d")));
        Assert.Equal(Errno.Success, session.Ask(Opcode.Unlink, directory.NodeId, out _, Name("b")));
        Assert.Equal(Errno.Success, session.Ask(Opcode.Unlink, directory.NodeId, out _, Name("c")));
        Assert.Equal(Errno.Success, session.Ask(Opcode.RmDir, 1, out _, Name("d")));
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(6u)]
    [InlineData(8u)]
    [InlineData(0xFFFFFFFFu)]
    public void Rename_with_contradicting_or_unknown_flags_is_refused(uint flags)
    {
        using TestSession session = new(_nodes);

        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Rename2, 1, out _, Struct(new Rename2In { NewDirectory = 1, Flags = flags }), Name("a"), Name("b")));
    }

    [Fact]
    public void Node_zero_belongs_to_the_volume_and_is_refused()
    {
        using TestSession session = new(_nodes);

        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.GetAttr, 0, out _, Struct(new GetAttrIn())));
        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Link, 1, out _, Struct(new LinkIn { OldNodeId = 0 }), Name("x")));
        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.Rename, 1, out _, Struct(new RenameIn { NewDirectory = 0 }), Name("x"), Name("y")));
    }

    [Fact]
    public void Directory_is_read_in_pieces_without_losing_or_repeating_an_entry()
    {
        using TestSession session = new(_nodes);
        SortedSet<string> expected = new(StringComparer.Ordinal) { ".", ".." };
        for (int index = 0; index < 100; index++)
        {
            string name = $"entry-{index}-{new string('n', index % 40)}";
            session.Ask<EntryOut>(Opcode.MkNod, 1, Struct(new MkNodIn { Mode = 0x81A4 }), Name(name));
            expected.Add(name);
        }

        List<string> plain = ReadAll(session, Opcode.ReadDir, 24, out int pieces);
        List<string> plus = ReadAll(session, Opcode.ReadDirPlus, 152, out _);

        Assert.True(pieces > 3);
        Assert.Equal(expected, plain.Order(StringComparer.Ordinal));
        Assert.Equal(expected, plus.Order(StringComparer.Ordinal));
        Assert.Equal(100, session.Session.Lookups.InodeCount);
        Assert.All(Enumerable.Range(2, 100), inode => Assert.Equal(2, _nodes.RetainedOf((ulong)inode)));
    }

    [Fact]
    public void Exception_below_is_logged_and_becomes_EIO()
    {
        using TestSession session = new(_nodes);
        _nodes.Failure = new InvalidOperationException("the disk is on fire");

        Assert.Equal(Errno.EIO, session.Ask(Opcode.Lookup, 1, out _, Name("x")));
        Assert.Contains(session.Messages, message => message.Contains("the disk is on fire", StringComparison.Ordinal) && message.Contains("Lookup", StringComparison.Ordinal));
    }

    private static List<string> ReadAll(TestSession session, Opcode opcode, int headBytes, out int pieces)
    {
        List<string> names = [];
        ulong cookie = 0;
        pieces = 0;
        while (true)
        {
            Assert.Equal(Errno.Success, session.Ask(opcode, 1, out byte[] body, Struct(new ReadIn { Offset = cookie, Size = 1500 })));
            if (body.Length == 0)
            {
                return names;
            }

            pieces++;
            Assert.True(body.Length <= 1500);
            for (int at = 0; at < body.Length;)
            {
                DirEnt entry = MemoryMarshal.Read<DirEnt>(body.AsSpan(at + headBytes - 24));
                names.Add(Encoding.UTF8.GetString(body, at + headBytes, (int)entry.NameLength));
                cookie = entry.Offset;
                at += (headBytes + (int)entry.NameLength + 7) & ~7;
            }
        }
    }
}
