using Adit.Fuse.Tests.Fakes;
using Adit.Fuse.Wire;
using Adit.Interop;
using static Adit.Fuse.Tests.Fakes.RequestBytes;

namespace Adit.Fuse.Tests.Sessions;

public sealed class ExtendedAttributeTests
{
    [Fact]
    public void Attribute_is_set_sized_read_listed_and_removed()
    {
        using TestSession session = new(new MemoryNodes());
        byte[] name = Name("user.colour");

        Assert.Equal(Errno.Success, Set(session, 0, name, "red"u8.ToArray()));
        Assert.Equal(3u, session.Ask<GetXAttrOut>(Opcode.GetXAttr, 1, Struct(new GetXAttrIn()), name).Size);
        Assert.Equal(Errno.Success, session.Ask(Opcode.GetXAttr, 1, out byte[] value, Struct(new GetXAttrIn { Size = 10 }), name));
        Assert.Equal("red"u8, value);
        Assert.Equal(Errno.ERANGE, session.Ask(Opcode.GetXAttr, 1, out _, Struct(new GetXAttrIn { Size = 2 }), name));
        Assert.Equal(12u, session.Ask<GetXAttrOut>(Opcode.ListXAttr, 1, Struct(new GetXAttrIn())).Size);
        Assert.Equal(Errno.Success, session.Ask(Opcode.ListXAttr, 1, out byte[] names, Struct(new GetXAttrIn { Size = 100 })));
        Assert.Equal(name, names);
        Assert.Equal(Errno.EEXIST, Set(session, 1, name, [1]));
        Assert.Equal(Errno.ENODATA, Set(session, 2, Name("user.none"), [1]));
        Assert.Equal(Errno.Success, session.Ask(Opcode.RemoveXAttr, 1, out _, name));
        Assert.Equal(Errno.ENODATA, session.Ask(Opcode.RemoveXAttr, 1, out _, name));
        Assert.Equal(Errno.ENODATA, session.Ask(Opcode.GetXAttr, 1, out _, Struct(new GetXAttrIn { Size = 10 }), name));
    }

    [Fact]
    public void Value_shorter_than_it_says_and_too_long_ones_are_refused()
    {
        using TestSession session = new(new MemoryNodes());

        Assert.Equal(Errno.EINVAL, session.Ask(Opcode.SetXAttr, 1, out _, Struct(new SetXAttrIn { Size = 10 }), Struct(default(SetXAttrExtension)), Name("user.a"), new byte[9]));
        Assert.Equal(Errno.E2BIG, Set(session, 0, Name("user.a"), new byte[65537]));
        Assert.Equal(Errno.EINVAL, Set(session, 4, Name("user.a"), [1]));
        Assert.Equal(Errno.EINVAL, Set(session, 0, Name(""), [1]));
    }

    [Fact]
    public void Kernel_without_the_extended_structure_is_understood()
    {
        using TestSession session = new(new MemoryNodes(), negotiate: false);
        session.Serve(Init(flags: ~(ulong)InitFlags.SetXAttrExtended));

        Assert.Equal(Errno.Success, session.Ask(Opcode.SetXAttr, 1, out _, Struct(new SetXAttrIn { Size = 1 }), Name("user.a"), [7]));
        Assert.Equal(Errno.Success, session.Ask(Opcode.GetXAttr, 1, out byte[] value, Struct(new GetXAttrIn { Size = 10 }), Name("user.a")));
        Assert.Equal([7], value);
    }

    private static Errno Set(TestSession session, uint flags, byte[] name, byte[] value) =>
        session.Ask(Opcode.SetXAttr, 1, out _, Struct(new SetXAttrIn { Size = (uint)value.Length, Flags = flags }), Struct(default(SetXAttrExtension)), name, value);
}
