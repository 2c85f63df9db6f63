using Adit.Format;
using Adit.Format.Records;
using Adit.Nodes;

namespace Adit.Inodes;

/// <summary>Between the record on the medium and the attributes that callers see.</summary>
internal static class InodeRecordExtensions
{
    public static NodeAttributes ToAttributes(this in InodeRecord record, InodeNumber inode) => new()
    {
        Inode = inode,
        Mode = record.Mode,
        LinkCount = record.LinkCount,
        UserId = record.UserId,
        GroupId = record.GroupId,
        Device = record.Device,
        SizeBytes = record.SizeBytes,
        BlockCount = record.BlockCount,
        AccessTime = new Timestamp(record.AccessSeconds, record.AccessNanoseconds),
        ModifyTime = new Timestamp(record.ModifySeconds, record.ModifyNanoseconds),
        ChangeTime = new Timestamp(record.ChangeSeconds, record.ChangeNanoseconds),
        BirthTime = new Timestamp(record.BirthSeconds, record.BirthNanoseconds),
        Flags = record.Flags,
        ProjectId = record.ProjectId,
        Generation = record.Generation,
    };

    public static void SetAccessTime(this ref InodeRecord record, Timestamp time)
    {
        record.AccessSeconds = time.Seconds;
        record.AccessNanoseconds = time.Nanoseconds;
    }

    public static void SetModifyTime(this ref InodeRecord record, Timestamp time)
    {
        record.ModifySeconds = time.Seconds;
        record.ModifyNanoseconds = time.Nanoseconds;
    }

    public static void SetChangeTime(this ref InodeRecord record, Timestamp time)
    {
        record.ChangeSeconds = time.Seconds;
        record.ChangeNanoseconds = time.Nanoseconds;
    }

    public static void SetBirthTime(this ref InodeRecord record, Timestamp time)
    {
        record.BirthSeconds = time.Seconds;
        record.BirthNanoseconds = time.Nanoseconds;
    }

    /// <summary>What changing the bytes or the entries of an inode does to its time stamps.</summary>
    public static void Touch(this ref InodeRecord record, Timestamp time)
    {
        record.SetModifyTime(time);
        record.SetChangeTime(time);
    }
}
