using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>Checks each record of files and directories by itself and against its inode, and fills the table of inodes. Records
/// come in the order of their keys, so that all of an inode are together, its own first.</summary>
internal sealed partial class RecordChecker : IRecordVisitor
{
    private readonly StructureChecker _structure;
    private readonly InodeTable _inodes;
    private readonly FindingLog _findings;
    private readonly RepairList? _repairs;
    private readonly NameHash _hash;
    private readonly QuotaChecker _quotas;
    private readonly List<ulong> _orphans = [];
    private readonly List<byte[]> _bucketNames = [];
    private ulong _bucket;

    // The inode at hand.
    private ulong _number;
    private bool _hasRecord;
    private bool _isPartial;
    private InodeRecord _record;
    private long _entryBytes;
    private long _blocks;
    private long _endBlock;
    private long _symlinkBytes;
    private int _symlinkPieces;
    private long _piecesExpected;
    private long _pieces;
    private RecordKind _firstKind;

    public RecordChecker(StructureChecker structure, InodeTable inodes, FindingLog findings, RepairList? repairs)
    {
        _structure = structure;
        _inodes = inodes;
        _findings = findings;
        _repairs = repairs;
        _hash = new NameHash(structure.Superblock.VolumeId);
        _quotas = new QuotaChecker(findings, repairs);
    }

    public long EntryCount { get; private set; }

    public void Visit(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (key.High != _number)
        {
            FinishInode();
            _number = key.High;
            _firstKind = key.Kind;
        }

        if (key.High == 0)
        {
            VisitVolumeRecord(key, value);
            return;
        }

        switch (key.Kind)
        {
            case RecordKind.Inode:
                VisitInode(key, value);
                break;
            case RecordKind.Symlink:
                VisitSymlink(key, value);
                break;
            case RecordKind.DirectoryEntry:
                VisitEntry(key, value);
                break;
            case RecordKind.Extent:
                VisitExtent(key, value);
                break;
            case RecordKind.DataChecksum:
                VisitChecksums(key, value);
                break;
            case RecordKind.Attribute:
                VisitAttribute(key, value);
                break;
            case RecordKind.AttributeValue:
                VisitAttributeValue(key, value);
                break;
            default:
                Drop(FindingKind.RecordUnknown, key, "a kind of this version", $"{(byte)key.Kind:x2}");
                break;
        }
    }

    public void VisitLost(TreeKey from, TreeKey to)
    {
        if (from.High != _number)
        {
            FinishInode();
            _number = from.High;
        }

        _isPartial = true;
        if (to.High != _number && to.High < TreeKey.ReverseMapSpace)
        {
            FinishInode();
            _number = to.High;
            _isPartial = true;
        }
    }

    /// <summary>The last inode is complete.</summary>
    public void Finish()
    {
        FinishInode();
        if (!_structure.HasLoss)
        {
            _quotas.Compare();
        }

        foreach (ulong orphan in _orphans)
        {
            int index = _inodes.Find(orphan);
            if (index >= 0)
            {
                _inodes[index].Marks |= InodeMarks.Orphan;
            }
            else if (_structure.TryGet(InodeRecord.Key(new InodeNumber(orphan)), out _) == Lookup.Absent)
            {
                Drop(FindingKind.OrphanStray, OrphanRecord.Key(new InodeNumber(orphan)), "an inode", "none");
            }
        }
    }

    private void VisitVolumeRecord(TreeKey key, ReadOnlySpan<byte> value)
    {
        switch (key.Kind)
        {
            case RecordKind.Orphan:
                if (!OrphanRecord.TryRead(value, out OrphanRecord orphan))
                {
                    Drop(FindingKind.OrphanMalformed, key, "an orphan record", $"{value.Length} bytes");
                }
                else if ((orphan.Reasons & OrphanReasons.Unnamed) != 0)
                {
                    _orphans.Add(key.Offset);
                }
                else if (_structure.TryGet(InodeRecord.Key(new InodeNumber(key.Offset)), out _) == Lookup.Absent)
                {
                    Drop(FindingKind.OrphanStray, key, "an inode", "none");
                }

                break;
            case RecordKind.SharedCount:
                break;
            case RecordKind.Setting:
                _quotas.VisitSetting(key, value);
                break;
            case RecordKind.Quota:
                _quotas.VisitQuota(key, value);
                break;
            default:
                Drop(FindingKind.RecordUnknown, key, "a kind of record of the volume", $"{(byte)key.Kind:x2}");
                break;
        }
    }

    private void VisitInode(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (key.Offset != 0 || !InodeRecord.TryRead(value, out InodeRecord record))
        {
            Drop(FindingKind.InodeMalformed, key, "an inode record", $"{value.Length} bytes that are none");
            return;
        }

        _hasRecord = true;
        _record = record;
        ref InodeRow row = ref _inodes.Add(key.High);
        row.LinkCount = record.LinkCount;
        row.Mode = (ushort)record.Mode;
        row.RecordedParent = record.Parent;
        _quotas.VisitInode(key.High, in record);
        if (key.High >= _structure.Superblock.NextInode)
        {
            _findings.Add(FindingKind.NextInode, "the superblock", $"a next inode above {key.High}", $"{_structure.Superblock.NextInode}");
        }
    }

    private void VisitSymlink(TreeKey key, ReadOnlySpan<byte> value)
    {
        if ((_hasRecord && !_record.IsSymbolicLink) || key.Offset != (ulong)_symlinkPieces || value.Length is 0 or > SymlinkPiece.PieceBytes)
        {
            Drop(FindingKind.SymlinkMalformed, key, $"piece {_symlinkPieces} of a symbolic link", $"piece {key.Offset} of {value.Length} bytes");
            return;
        }

        _symlinkPieces++;
        _symlinkBytes += value.Length;
    }

    private void VisitExtent(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (value.Length != ExtentRecord.SizeBytes)
        {
            // Reported with the structure.
            return;
        }

        if (_hasRecord && !_record.IsRegular)
        {
            Drop(FindingKind.ExtentOfOther, key, "a regular file", $"mode {Convert.ToString(_record.Mode, 8)}");
            return;
        }

        uint count = ExtentRecord.Read(value).BlockCount;
        _blocks += count;
        _endBlock = Math.Max(_endBlock, (long)key.Offset + count);
    }

    /// <summary>Older epochs are what a change to direct access leaves; a newer one than the inode's cannot be.</summary>
    private void VisitChecksums(TreeKey key, ReadOnlySpan<byte> value)
    {
        if (!ChecksumRecord.TryWrap(value, out ChecksumRecord checksums))
        {
            Drop(FindingKind.ChecksumMalformed, key, "checksums of blocks", $"{value.Length} bytes that are none");
        }
        else if (_hasRecord && (!_record.IsRegular || checksums.Epoch > _record.ChecksumEpoch))
        {
            Drop(FindingKind.ChecksumMalformed, key, $"a regular file, epoch {_record.ChecksumEpoch} at most", $"mode {Convert.ToString(_record.Mode, 8)}, epoch {checksums.Epoch}");
        }
    }

    private void Drop(FindingKind kind, TreeKey key, string expected, string found)
    {
        _findings.Add(kind, $"{key}", expected, found);
        _repairs?.Add(RepairKind.DeleteRecord, key, 0, $"{kind}: expected {expected}, found {found}");
    }

    private void FinishInode()
    {
        if (_number != 0 && !_isPartial)
        {
            if (_hasRecord)
            {
                CheckTotals();
            }
            else if (_firstKind != 0)
            {
                ReportMissingInode();
            }
        }

        _number = 0;
        _hasRecord = false;
        _isPartial = false;
        _entryBytes = _blocks = _endBlock = _symlinkBytes = _pieces = _piecesExpected = 0;
        _symlinkPieces = 0;
        _firstKind = 0;
        _bucketNames.Clear();
        _bucket = 0;
    }

    private void CheckTotals()
    {
        TreeKey key = InodeRecord.Key(new InodeNumber(_number));
        if (_record.BlockCount != _blocks)
        {
            _findings.Add(FindingKind.BlockCount, $"inode {_number}", $"{_blocks} blocks", $"{_record.BlockCount}");
            _repairs?.Add(RepairKind.SetBlockCount, key, _blocks, $"it has {_blocks} blocks, not {_record.BlockCount}");
        }

        if (_record.IsDirectory && _record.SizeBytes != _entryBytes)
        {
            _findings.Add(FindingKind.SizeOfDirectory, $"inode {_number}", $"{_entryBytes} bytes of entries", $"{_record.SizeBytes}");
            _repairs?.Add(RepairKind.SetSize, key, _entryBytes, $"its entries have {_entryBytes} bytes, not {_record.SizeBytes}");
        }

        if (_record.IsSymbolicLink && _record.SizeBytes != _symlinkBytes)
        {
            _findings.Add(FindingKind.SymlinkMalformed, $"inode {_number}", $"{_record.SizeBytes} bytes of target", $"{_symlinkBytes}");
            _repairs?.Add(RepairKind.SetSize, key, _symlinkBytes, $"its target has {_symlinkBytes} bytes, not {_record.SizeBytes}");
        }

        if (_pieces != _piecesExpected)
        {
            _findings.Add(FindingKind.AttributeMalformed, $"inode {_number}", $"{_piecesExpected} pieces of attribute values", $"{_pieces}");
            _repairs?.Add(RepairKind.DeleteRecord, new TreeKey(new InodeNumber(_number), RecordKind.Attribute, 0), 1, "pieces of its extended attributes are missing");
        }
    }

    private void ReportMissingInode()
    {
        _findings.Add(FindingKind.InodeMissing, $"inode {_number}", "an inode record", $"a record of {_firstKind} without one");
        long mode = _firstKind switch
        {
            RecordKind.Symlink => 0xA000 | 0x1FF,
            RecordKind.DirectoryEntry => 0x4000 | 0x1C0,
            _ => 0x8000 | 0x180,
        };
        _repairs?.Add(RepairKind.MakeInode, InodeRecord.Key(new InodeNumber(_number)), mode, _firstKind == RecordKind.Extent ? $"{_endBlock}" : "0");
    }
}
