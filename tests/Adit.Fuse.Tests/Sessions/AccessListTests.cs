using System.Buffers.Binary;
using Adit.Fuse.Access;
using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

public sealed class AccessListTests
{
    private const ushort Owner = 1, User = 2, OwningGroup = 4, Mask = 16, Other = 32;

    [Fact]
    public void Access_list_sets_the_mode_with_the_mask_as_the_group()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, _) = session.Create("f", mode: 0x81A4);

        Set(session, node, "system.posix_acl_access", List((Owner, 7, 0), (User, 6, 5), (OwningGroup, 4, 0), (Mask, 5, 0), (Other, 1, 0)));

        Assert.Equal(0x8000u | Octal("751"), Mode(session, node));
    }

    [Fact]
    public void Access_list_that_says_no_more_than_the_mode_is_not_kept()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, _) = session.Create("f");

        Set(session, node, "system.posix_acl_access", List((Owner, 6, 0), (OwningGroup, 4, 0), (Other, 0, 0)));

        Assert.Equal(0x8000u | Octal("640"), Mode(session, node));
        Assert.Equal(Errno.ENODATA, Get(session, node, "system.posix_acl_access", out _));
    }

    [Fact]
    public void Access_list_with_a_mask_alone_is_kept()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, _) = session.Create("f");
        byte[] masked = List((Owner, 6, 0), (OwningGroup, 6, 0), (Mask, 4, 0), (Other, 0, 0));

        Set(session, node, "system.posix_acl_access", masked);

        Assert.Equal(0x8000u | Octal("640"), Mode(session, node));
        Assert.Equal(Errno.Success, Get(session, node, "system.posix_acl_access", out byte[] list));
        Assert.Equal(masked, list);
    }

    [Fact]
    public void Damaged_default_list_makes_nothing()
    {
        MemoryNodes nodes = new();
        using TestSession session = new(nodes);
        Assert.Equal(Errno.Success, nodes.SetExtendedAttribute(Format.InodeNumber.Root, AccessControlList.DefaultName, List((OwningGroup, 4, 0)), Nodes.AttributeSetMode.CreateOrReplace));

        Assert.Equal(Errno.EIO, session.Ask(Opcode.MkDir, 1, out _, Struct(new MkDirIn { Mode = Octal("755") }), Name("d")));
    }

    [Fact]
    public void Chmod_changes_owner_mask_and_other_of_the_list()
    {
        using TestSession session = new(new MemoryNodes());
        (ulong node, _) = session.Create("f");
        Set(session, node, "system.posix_acl_access", List((Owner, 7, 0), (User, 6, 5), (OwningGroup, 4, 0), (Mask, 7, 0), (Other, 1, 0)));

        session.Ask<AttrOut>(Opcode.SetAttr, node, Struct(new SetAttrIn { Valid = SetAttrFields.Mode, Mode = Octal("640") }));

        Assert.Equal(Errno.Success, Get(session, node, "system.posix_acl_access", out byte[] list));
        Assert.Equal(List((Owner, 6, 0), (User, 6, 5), (OwningGroup, 4, 0), (Mask, 4, 0), (Other, 0, 0)), list);
    }

    [Fact]
    public void Default_list_replaces_the_umask_and_is_inherited()
    {
        using TestSession session = new(new MemoryNodes());
        byte[] defaults = List((Owner, 7, 0), (User, 6, 5), (OwningGroup, 5, 0), (Mask, 7, 0), (Other, 5, 0));
        Set(session, 1, "system.posix_acl_default", defaults);

        EntryOut directory = session.Ask<EntryOut>(Opcode.MkDir, 1, Struct(new MkDirIn { Mode = Octal("777"), Umask = Octal("077") }), Name("d"));
        EntryOut file = session.Ask<EntryOut>(Opcode.MkNod, 1, Struct(new MkNodIn { Mode = 0x8000 | Octal("660"), Umask = Octal("077") }), Name("f"));

        Assert.Equal(0x4000u | Octal("775"), directory.Attr.Mode);
        Assert.Equal(Errno.Success, Get(session, directory.NodeId, "system.posix_acl_default", out byte[] inherited));
        Assert.Equal(defaults, inherited);
        Assert.Equal(0x8000u | Octal("660"), file.Attr.Mode);
        Assert.Equal(Errno.ENODATA, Get(session, file.NodeId, "system.posix_acl_default", out _));
        Assert.Equal(Errno.Success, Get(session, file.NodeId, "system.posix_acl_access", out byte[] access));
        Assert.Equal(List((Owner, 6, 0), (User, 6, 5), (OwningGroup, 5, 0), (Mask, 6, 0), (Other, 0, 0)), access);
    }

    [Fact]
    public void Malformed_list_is_refused()
    {
        using TestSession session = new(new MemoryNodes());
        byte[] noMask = List((Owner, 7, 0), (User, 6, 5), (OwningGroup, 4, 0), (Other, 1, 0));
        byte[] noOwner = List((OwningGroup, 4, 0), (Other, 1, 0));
        byte[] badBits = List((Owner, 8, 0), (OwningGroup, 4, 0), (Other, 1, 0));
        byte[] badTag = List((Owner, 7, 0), (OwningGroup, 4, 0), (64, 4, 0), (Other, 1, 0));
        byte[] good = List((Owner, 7, 0), (OwningGroup, 4, 0), (Other, 1, 0));

        Assert.True(AccessControlList.IsValid(good));
        foreach (byte[] bad in (byte[][])[[], [2, 0], noMask, noOwner, badBits, badTag, good[..^1], [3, .. good[1..]]])
        {
            Assert.False(AccessControlList.IsValid(bad));
            Assert.Equal(Errno.EINVAL, TrySet(session, 1, "system.posix_acl_default", bad));
            Assert.Equal(Errno.EINVAL, TrySet(session, 1, "system.posix_acl_access", bad));
        }
    }

    private static uint Octal(string digits) => Convert.ToUInt32(digits, 8);

    private static byte[] List(params (ushort Tag, ushort Bits, uint Id)[] entries)
    {
        byte[] list = new byte[4 + (8 * entries.Length)];
        list[0] = 2;
        for (int index = 0; index < entries.Length; index++)
        {
            Span<byte> entry = list.AsSpan(4 + (8 * index));
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[index].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[index].Bits);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[index].Id);
        }

        return list;
    }

    private static Errno TrySet(TestSession session, ulong node, string name, byte[] list) =>
        session.Ask(Opcode.SetXAttr, node, out _, Struct(new SetXAttrIn { Size = (uint)list.Length }), Struct(default(SetXAttrExtension)), Name(name), list);

    private static void Set(TestSession session, ulong node, string name, byte[] list) =>
        Assert.Equal(Errno.Success, TrySet(session, node, name, list));

    private static Errno Get(TestSession session, ulong node, string name, out byte[] list) =>
        session.Ask(Opcode.GetXAttr, node, out list, Struct(new GetXAttrIn { Size = 4096 }), Name(name));

    private static uint Mode(TestSession session, ulong node) =>
        session.Ask<AttrOut>(Opcode.GetAttr, node, Struct(new GetAttrIn())).Attr.Mode;
}
