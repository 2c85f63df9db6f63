using System.Buffers.Binary;

namespace Adit.Format.Records;

/// <summary>Why an inode is on the list of orphans. On the medium.</summary>
[Flags]
public enum OrphanReasons : uint
{
    None = 0,

    /// <summary>No entry names it: it is to be removed when nobody has it open, at the latest when the volume is next opened.</summary>
    Unnamed = 1,

    /// <summary>A truncation is under way: extents from <see cref="OrphanRecord.FirstFreedBlock"/> on are to be freed.</summary>
    Truncating = 2,
}

/// <summary>The value of a <see cref="RecordKind.Orphan"/> record under inode 0: work on an inode that a crash must not forget.</summary>
/// <param name="Reasons">What is to be done.</param>
/// <param name="FirstFreedBlock">For a truncation, the first file block that goes; else 0.</param>
public readonly record struct OrphanRecord(OrphanReasons Reasons, long FirstFreedBlock)
{
    public const int SizeBytes = FirstFreedBlockOffset + sizeof(long);

    private const int ReasonsOffset = 0;
    private const int ReservedOffset = ReasonsOffset + sizeof(uint);
    private const int FirstFreedBlockOffset = ReservedOffset + sizeof(uint);

    private const OrphanReasons Known = OrphanReasons.Unnamed | OrphanReasons.Truncating;

    public static TreeKey Key(InodeNumber inode) => new(InodeNumber.Volume, RecordKind.Orphan, inode.Value);

    /// <returns>False when these bytes cannot be an orphan record.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out OrphanRecord record)
    {
        record = default;
        if (value.Length != SizeBytes)
        {
            return false;
        }

        record = new OrphanRecord(
            (OrphanReasons)BinaryPrimitives.ReadUInt32LittleEndian(value),
            BinaryPrimitives.ReadInt64LittleEndian(value[FirstFreedBlockOffset..]));
        return record.Reasons != OrphanReasons.None && (record.Reasons & ~Known) == 0 && record.FirstFreedBlock >= 0
            && BinaryPrimitives.ReadUInt32LittleEndian(value[ReservedOffset..]) == 0;
    }

    public void Write(Span<byte> value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(value, (uint)Reasons);
        BinaryPrimitives.WriteUInt32LittleEndian(value[ReservedOffset..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(value[FirstFreedBlockOffset..], FirstFreedBlock);
    }
}
