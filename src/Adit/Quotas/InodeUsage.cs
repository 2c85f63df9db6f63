using System.Buffers.Binary;
using Adit.Format;
using Adit.Format.Records;

namespace Adit.Quotas;

/// <summary>What one inode counts for: whose it is, and its blocks. The default is no inode.</summary>
internal readonly struct InodeUsage(uint userId, uint groupId, uint projectId, long blocks)
{
    public readonly bool Exists = true;
    public readonly uint UserId = userId;
    public readonly uint GroupId = groupId;
    public readonly uint ProjectId = projectId;
    public readonly long Blocks = blocks;

    public static InodeUsage Of(in InodeRecord record) => new(record.UserId, record.GroupId, record.ProjectId, record.BlockCount);

    /// <summary>Of the value of an inode's record.</summary>
    public static InodeUsage Of(ReadOnlySpan<byte> value) => InodeRecord.TryRead(value, out InodeRecord record) ? Of(in record) : default;

    /// <summary>After some bytes of the record are replaced.</summary>
    public InodeUsage Patched(int offset, ReadOnlySpan<byte> bytes)
    {
        // What a growing file changes is all that is ever patched.
        Metadata.Invariant.That(offset == InodeRecord.GrowthOffset && bytes.Length == InodeRecord.GrowthBytes, "an inode's growth is patched, nothing else of it");
        return new(UserId, GroupId, ProjectId, BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]));
    }

    /// <summary>The id that it counts for, of one kind.</summary>
    /// <returns>False for the project that is none.</returns>
    public bool TryGetId(QuotaKind kind, out uint id)
    {
        id = kind switch
        {
            QuotaKind.User => UserId,
            QuotaKind.Group => GroupId,
            _ => ProjectId,
        };
        return Exists && (kind != QuotaKind.Project || id != 0);
    }
}
