using System.Buffers.Binary;

namespace Adit.Fuse.Access;

/// <summary>A POSIX access control list as <c>system.posix_acl_access</c> and <c>system.posix_acl_default</c> hold it:
/// a version word, then entries of tag, permissions and id. The kernel enforces it; the file system keeps the mode bits
/// and the list in step, as ext4 does.</summary>
internal static class AccessControlList
{
    public const int MaxBytes = 4096;
    private const uint Version = 2;
    private const int HeaderBytes = 4;
    private const int EntryBytes = 8;
    private const int PermissionOffset = 2;

    private enum Tag : ushort
    {
        Owner = 1,
        User = 2,
        OwningGroup = 4,
        Group = 8,
        Mask = 16,
        Other = 32,
    }

    public static ReadOnlySpan<byte> AccessName => "system.posix_acl_access"u8;

    public static ReadOnlySpan<byte> DefaultName => "system.posix_acl_default"u8;

    /// <summary>Checks the frame and that owner, group and others are there.</summary>
    public static bool IsValid(ReadOnlySpan<byte> list)
    {
        if (list.Length < HeaderBytes || (list.Length - HeaderBytes) % EntryBytes != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(list) != Version)
        {
            return false;
        }

        Tag seen = 0;
        for (int offset = HeaderBytes; offset < list.Length; offset += EntryBytes)
        {
            Tag tag = TagAt(list, offset);
            if (tag is not (Tag.Owner or Tag.User or Tag.OwningGroup or Tag.Group or Tag.Mask or Tag.Other) || PermissionsAt(list, offset) > 7)
            {
                return false;
            }

            seen |= tag;
        }

        bool needsMask = (seen & (Tag.User | Tag.Group)) != 0;
        return (seen & (Tag.Owner | Tag.OwningGroup | Tag.Other)) == (Tag.Owner | Tag.OwningGroup | Tag.Other)
            && (!needsMask || (seen & Tag.Mask) != 0);
    }

    /// <summary>The nine mode bits that an access list shows; the mask stands for the group's.</summary>
    /// <param name="list">A valid list.</param>
    /// <param name="permissions">Those bits.</param>
    /// <returns>True when the bits alone say everything, so that no list needs to be kept.</returns>
    public static bool ToMode(ReadOnlySpan<byte> list, out uint permissions)
    {
        uint owner = 0, group = 0, other = 0;
        uint? mask = null;
        bool isMinimal = true;
        for (int offset = HeaderBytes; offset < list.Length; offset += EntryBytes)
        {
            uint bits = PermissionsAt(list, offset);
            switch (TagAt(list, offset))
            {
                case Tag.Owner:
                    owner = bits;
                    break;
                case Tag.OwningGroup:
                    group = bits;
                    break;
                case Tag.Other:
                    other = bits;
                    break;
                case Tag.Mask:
                    mask = bits;
                    isMinimal = false;
                    break;
                default:
                    isMinimal = false;
                    break;
            }
        }

        permissions = (owner << 6) | ((mask ?? group) << 3) | other;
        return isMinimal;
    }

    /// <summary>Puts the mode bits of a chmod into an access list.</summary>
    public static void ApplyMode(Span<byte> list, uint mode)
    {
        bool hasMask = Find(list, Tag.Mask) >= 0;
        Put(list, Tag.Owner, mode >> 6);
        Put(list, hasMask ? Tag.Mask : Tag.OwningGroup, mode >> 3);
        Put(list, Tag.Other, mode);
    }

    /// <summary>Makes the access list of a new node out of its directory's default list: what the creator did not ask for
    /// is taken from the list, what the list does not grant from the mode.</summary>
    /// <returns>True when the mode alone says everything.</returns>
    public static bool Inherit(Span<byte> list, ref uint mode)
    {
        bool hasMask = Find(list, Tag.Mask) >= 0;
        Restrict(list, Tag.Owner, mode >> 6);
        Restrict(list, hasMask ? Tag.Mask : Tag.OwningGroup, mode >> 3);
        Restrict(list, Tag.Other, mode);
        bool isMinimal = ToMode(list, out uint permissions);
        mode = (mode & ~0x1FFu) | permissions;
        return isMinimal;
    }

    private static Tag TagAt(ReadOnlySpan<byte> list, int offset) => (Tag)BinaryPrimitives.ReadUInt16LittleEndian(list[offset..]);

    private static uint PermissionsAt(ReadOnlySpan<byte> list, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(list[(offset + PermissionOffset)..]);

    private static int Find(ReadOnlySpan<byte> list, Tag tag)
    {
        for (int offset = HeaderBytes; offset < list.Length; offset += EntryBytes)
        {
            if (TagAt(list, offset) == tag)
            {
                return offset;
            }
        }

        return -1;
    }

    private static void Put(Span<byte> list, Tag tag, uint bits)
    {
        int offset = Find(list, tag);
        if (offset >= 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(list[(offset + PermissionOffset)..], (ushort)(bits & 7));
        }
    }

    private static void Restrict(Span<byte> list, Tag tag, uint bits)
    {
        int offset = Find(list, tag);
        if (offset >= 0)
        {
            Put(list, tag, PermissionsAt(list, offset) & bits);
        }
    }
}
