using System.Runtime.CompilerServices;
using Adit.Fuse.Wire;

namespace Adit.Fuse.Tests.Wire;

/// <summary>Sizes and offsets of the kernel's structures (include/uapi/linux/fuse.h, protocol 7.45).</summary>
public sealed class WireLayoutTests
{
    internal static IReadOnlyDictionary<string, int> Sizes { get; } = new Dictionary<string, int>
    {
        ["fuse_in_header"] = Unsafe.SizeOf<InHeader>(),
        ["fuse_out_header"] = Unsafe.SizeOf<OutHeader>(),
        ["fuse_init_in"] = Unsafe.SizeOf<InitIn>(),
        ["fuse_init_out"] = Unsafe.SizeOf<InitOut>(),
        ["fuse_interrupt_in"] = Unsafe.SizeOf<InterruptIn>(),
        ["fuse_attr"] = Unsafe.SizeOf<Attr>(),
        ["fuse_attr_out"] = Unsafe.SizeOf<AttrOut>(),
        ["fuse_entry_out"] = Unsafe.SizeOf<EntryOut>(),
        ["fuse_getattr_in"] = Unsafe.SizeOf<GetAttrIn>(),
        ["fuse_setattr_in"] = Unsafe.SizeOf<SetAttrIn>(),
        ["fuse_forget_in"] = Unsafe.SizeOf<ForgetIn>(),
        ["fuse_batch_forget_in"] = Unsafe.SizeOf<BatchForgetIn>(),
        ["fuse_forget_one"] = Unsafe.SizeOf<ForgetOne>(),
        ["fuse_mknod_in"] = Unsafe.SizeOf<MkNodIn>(),
        ["fuse_mkdir_in"] = Unsafe.SizeOf<MkDirIn>(),
        ["fuse_rename_in"] = Unsafe.SizeOf<RenameIn>(),
        ["fuse_rename2_in"] = Unsafe.SizeOf<Rename2In>(),
        ["fuse_link_in"] = Unsafe.SizeOf<LinkIn>(),
        ["fuse_access_in"] = Unsafe.SizeOf<AccessIn>(),
        ["fuse_open_in"] = Unsafe.SizeOf<OpenIn>(),
        ["fuse_create_in"] = Unsafe.SizeOf<CreateIn>(),
        ["fuse_open_out"] = Unsafe.SizeOf<OpenOut>(),
        ["fuse_release_in"] = Unsafe.SizeOf<ReleaseIn>(),
        ["fuse_read_in"] = Unsafe.SizeOf<ReadIn>(),
        ["fuse_write_in"] = Unsafe.SizeOf<WriteIn>(),
        ["fuse_write_out"] = Unsafe.SizeOf<WriteOut>(),
        ["fuse_fsync_in"] = Unsafe.SizeOf<FSyncIn>(),
        ["fuse_fallocate_in"] = Unsafe.SizeOf<FAllocateIn>(),
        ["fuse_lseek_in"] = Unsafe.SizeOf<LSeekIn>(),
        ["fuse_lseek_out"] = Unsafe.SizeOf<LSeekOut>(),
        ["fuse_copy_file_range_in"] = Unsafe.SizeOf<CopyFileRangeIn>(),
        ["fuse_ioctl_in"] = Unsafe.SizeOf<IoCtlIn>(),
        ["fuse_ioctl_out"] = Unsafe.SizeOf<IoCtlOut>(),
        ["fuse_dirent"] = Unsafe.SizeOf<DirEnt>(),
        ["fuse_direntplus"] = Unsafe.SizeOf<DirEntPlus>(),
        ["fuse_statfs_out"] = Unsafe.SizeOf<StatFsOut>(),
        ["fuse_syncfs_in"] = Unsafe.SizeOf<SyncFsIn>(),
        ["fuse_setxattr_in"] = Unsafe.SizeOf<SetXAttrIn>() + Unsafe.SizeOf<SetXAttrExtension>(),
        ["fuse_getxattr_in"] = Unsafe.SizeOf<GetXAttrIn>(),
        ["fuse_getxattr_out"] = Unsafe.SizeOf<GetXAttrOut>(),
        ["fuse_notify_retrieve_out"] = Unsafe.SizeOf<NotifyRetrieveOut>(),
        ["fuse_notify_inval_inode_out"] = Unsafe.SizeOf<NotifyInvalidateInodeOut>(),
        ["fuse_notify_inval_entry_out"] = Unsafe.SizeOf<NotifyInvalidateEntryOut>(),
        ["fuse_notify_delete_out"] = Unsafe.SizeOf<NotifyDeleteOut>(),
    };

    /// <summary>Structures that Debian 12's header does not have yet.</summary>
    internal static IReadOnlyDictionary<string, int> NewerSizes { get; } = new Dictionary<string, int>
    {
        ["fuse_statx_in"] = Unsafe.SizeOf<StatXIn>(),
        ["fuse_sx_time"] = Unsafe.SizeOf<StatXTime>(),
        ["fuse_statx_out"] = Unsafe.SizeOf<StatXOut>(),
        ["fuse_copy_file_range_out"] = Unsafe.SizeOf<CopyFileRangeOut>(),
        ["fuse_uring_cmd_req"] = Unsafe.SizeOf<RingCommandIn>(),
        ["fuse_uring_ent_in_out"] = Unsafe.SizeOf<RingInOut>(),
        ["fuse_uring_req_header"] = Unsafe.SizeOf<RingHeaders>(),
    };

    [Theory]
    [InlineData("fuse_in_header", 40)]
    [InlineData("fuse_out_header", 16)]
    [InlineData("fuse_init_in", 64)]
    [InlineData("fuse_init_out", 64)]
    [InlineData("fuse_interrupt_in", 8)]
    [InlineData("fuse_attr", 88)]
    [InlineData("fuse_attr_out", 104)]
    [InlineData("fuse_entry_out", 128)]
    [InlineData("fuse_getattr_in", 16)]
    [InlineData("fuse_setattr_in", 88)]
    [InlineData("fuse_forget_one", 16)]
    [InlineData("fuse_mknod_in", 16)]
    [InlineData("fuse_rename2_in", 16)]
    [InlineData("fuse_open_out", 16)]
    [InlineData("fuse_read_in", 40)]
    [InlineData("fuse_write_in", 40)]
    [InlineData("fuse_fallocate_in", 32)]
    [InlineData("fuse_copy_file_range_in", 56)]
    [InlineData("fuse_ioctl_in", 32)]
    [InlineData("fuse_ioctl_out", 16)]
    [InlineData("fuse_dirent", 24)]
    [InlineData("fuse_direntplus", 152)]
    [InlineData("fuse_statfs_out", 80)]
    [InlineData("fuse_setxattr_in", 16)]
    [InlineData("fuse_notify_retrieve_out", 32)]
    [InlineData("fuse_notify_inval_inode_out", 24)]
    public void Structure_of_the_protocol_has_the_kernels_size(string name, int expected) => Assert.Equal(expected, Sizes[name]);

    [Theory]
    [InlineData("fuse_statx_in", 24)]
    [InlineData("fuse_sx_time", 16)]
    [InlineData("fuse_statx_out", 288)]
    [InlineData("fuse_copy_file_range_out", 8)]
    [InlineData("fuse_uring_cmd_req", 24)]
    [InlineData("fuse_uring_ent_in_out", 32)]
    [InlineData("fuse_uring_req_header", 288)]
    public void Newer_structure_of_the_protocol_has_the_kernels_size(string name, int expected) => Assert.Equal(expected, NewerSizes[name]);

    [Fact]
    public unsafe void Fields_lie_where_the_kernel_puts_them()
    {
        Attr attr = default;
        Assert.Equal(60, (int)((byte*)&attr.Mode - (byte*)&attr));
        Assert.Equal(76, (int)((byte*)&attr.Device - (byte*)&attr));
        InitOut init = default;
        Assert.Equal(28, (int)((byte*)&init.MaxPages - (byte*)&init));
        Assert.Equal(32, (int)((byte*)&init.Flags2 - (byte*)&init));
        StatXOut statx = default;
        Assert.Equal(32, (int)((byte*)&statx.Mask - (byte*)&statx));
        Assert.Equal(32 + 64, (int)((byte*)&statx.AccessTime - (byte*)&statx));
        Assert.Equal(32 + 80, (int)((byte*)&statx.BirthTime - (byte*)&statx));
        Assert.Equal(32 + 128, (int)((byte*)&statx.DeviceMajor - (byte*)&statx));
        InHeader header = default;
        Assert.Equal(36, (int)((byte*)&header.ExtensionLength - (byte*)&header));
    }
}
