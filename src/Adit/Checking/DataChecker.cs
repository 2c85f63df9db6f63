using System.Numerics;
using Adit.Format;
using Adit.Format.Records;
using Adit.Media;
using Adit.Metadata.Checking;

namespace Adit.Checking;

/// <summary>Compares the blocks of files that are not accessed directly with their checksums; a walk of its own over the records. Extents of one
/// such file are held at a time.</summary>
internal sealed class DataChecker(Medium medium, FindingLog findings) : IRecordVisitor
{
    private readonly List<(long FileBlock, ExtentRecord Extent)> _extents = [];
    private ulong _number;
    private uint _epoch;
    private int _at;

    /// <summary>Blocks that were compared.</summary>
    public long BlockCount { get; private set; }

    public void Visit(TreeKey key, ReadOnlySpan<byte> value)
    {
        switch (key.Kind)
        {
            case RecordKind.Inode when key.High < TreeKey.ReverseMapSpace:
                bool keepsChecksums = InodeRecord.TryRead(value, out InodeRecord record) && record.KeepsChecksums;
                _number = keepsChecksums ? key.High : 0;
                _epoch = keepsChecksums ? record.ChecksumEpoch : 0;
                _extents.Clear();
                _at = 0;
                break;
            case RecordKind.Extent when key.High == _number && _number != 0 && value.Length == ExtentRecord.SizeBytes:
                ExtentRecord extent = ExtentRecord.Read(value);
                if (!extent.IsUnwritten && extent.Start.Value > 0 && extent.Start.Value <= (medium.LengthBytes >> Geometry.BlockShift) - extent.BlockCount)
                {
                    _extents.Add(((long)key.Offset, extent));
                }

                break;
            case RecordKind.DataChecksum when key.High == _number && _number != 0
                && ChecksumRecord.TryWrap(value, out ChecksumRecord checksums) && checksums.Epoch == _epoch:
                Compare((long)key.Offset << ChecksumRecord.BlocksPerRecordShift, checksums);
                break;
        }
    }

    public void VisitLost(TreeKey from, TreeKey to)
    {
    }

    private void Compare(long firstBlock, in ChecksumRecord checksums)
    {
        int rank = 0;
        for (ulong rest = checksums.Mask; rest != 0; rest &= rest - 1)
        {
            long fileBlock = firstBlock + BitOperations.TrailingZeroCount(rest);
            uint expected = checksums[rank++];
            if (!TryFind(fileBlock, out long block))
            {
                continue;
            }

            BlockCount++;
            uint found = Checksum.Of(medium.Span(block << Geometry.BlockShift, Geometry.BlockSize));
            if (found != expected)
            {
                long offset = fileBlock << Geometry.BlockShift;
                findings.Add(
                    FindingKind.DataChecksum, $"inode {_number}, bytes {offset} to {offset + Geometry.BlockSize - 1} (block {block})", $"checksum {expected:x8}", $"{found:x8}");
            }
        }
    }

    /// <summary>Both extents and checksums come in order.</summary>
    private bool TryFind(long fileBlock, out long block)
    {
        while (_at < _extents.Count && _extents[_at].FileBlock + _extents[_at].Extent.BlockCount <= fileBlock)
        {
            _at++;
        }

        bool isThere = _at < _extents.Count && _extents[_at].FileBlock <= fileBlock;
        block = isThere ? _extents[_at].Extent.Start.Value + fileBlock - _extents[_at].FileBlock : 0;
        return isThere;
    }
}
