using Adit.Format;
using Adit.Metadata.Space;

namespace Adit.Metadata.Checking;

/// <summary>The records that the store itself understands: space lines, extents, reverse map.</summary>
public sealed partial class StructureChecker
{
    private sealed class RecordCheck(StructureChecker owner, IRecordVisitor? next) : IRecordVisitor
    {
        private ulong _inode;
        private long _inodeEnd;

        public long ExtentCount { get; private set; }

        public long ReverseCount { get; private set; }

        public void Visit(TreeKey key, ReadOnlySpan<byte> value)
        {
            if (key.Kind == RecordKind.Extent && key.High < TreeKey.ReverseMapSpace)
            {
                VisitExtent(key, value);
            }
            else if (key.High >= TreeKey.ReverseMapSpace)
            {
                VisitReverse(key, value);
                return;
            }
            else if (key.High == 0 && key.Kind == RecordKind.Space)
            {
                VisitLine(key, value);
                return;
            }

            next?.Visit(key, value);
        }

        public void VisitLost(TreeKey from, TreeKey to) => next?.VisitLost(from, to);

        private void VisitLine(TreeKey key, ReadOnlySpan<byte> value)
        {
            long chunk = (long)key.Offset;
            if (chunk >= owner._layout.ChunkCount || chunk < owner._layout.FirstUsableChunk
                || value.Length != SpaceLineCodec.SizeBytes || value[0] > (byte)ChunkUse.Fixed)
            {
                owner._findings.Add(
                    FindingKind.SpaceLine, $"chunk {chunk}", $"a line of {SpaceLineCodec.SizeBytes} bytes for a usable chunk", $"{value.Length} bytes");
                return;
            }

            SpaceLine line = SpaceLineCodec.Read(value);
            owner._uses![chunk] = (byte)(line.Use + 1);
            for (int word = 0; word < ChunkBits.WordCount; word++)
            {
                owner._taken!.WordAt((chunk << Geometry.BlocksPerChunkShift) + (word << 6)) = line.Bits[word];
            }
        }

        private void VisitExtent(TreeKey key, ReadOnlySpan<byte> value)
        {
            if (value.Length != ExtentRecord.SizeBytes)
            {
                owner._findings.Add(FindingKind.ExtentMalformed, $"{key}", $"{ExtentRecord.SizeBytes} bytes", $"{value.Length}");
                return;
            }

            ExtentRecord extent = ExtentRecord.Read(value);
            if (!owner.IsInside(extent))
            {
                owner._findings.Add(FindingKind.ExtentOutside, $"{key}", "blocks of the volume", $"{extent.Blocks}");
                return;
            }

            ExtentCount++;
            if (key.High == _inode && (long)key.Offset < _inodeEnd)
            {
                owner._findings.Add(FindingKind.ExtentOverlap, $"{key}", $"no block before {_inodeEnd}", $"{key.Offset}");
            }

            _inode = key.High;
            _inodeEnd = (long)key.Offset + extent.BlockCount;
            bool isShared = (extent.Flags & ExtentFlags.Shared) != 0;
            for (long block = extent.Start.Value; block < extent.Blocks.End.Value; block++)
            {
                if (owner._owned!.Add(block))
                {
                    if (isShared)
                    {
                        owner._shared!.Add(block);
                    }
                }
                else if (!isShared || !owner._shared!.Contains(block))
                {
                    owner._findings.Add(FindingKind.BlockOwnedTwice, $"block {block}", "one owner", $"a second: {key}");
                    break;
                }
            }
        }

        private void VisitReverse(TreeKey key, ReadOnlySpan<byte> value)
        {
            if (value.Length != ReverseMapRecord.SizeBytes)
            {
                owner._findings.Add(FindingKind.ReverseStray, $"{key}", $"{ReverseMapRecord.SizeBytes} bytes", $"{value.Length}");
                return;
            }

            ReverseMapRecord reverse = ReverseMapRecord.Read(value);
            long start = (long)(key.High - TreeKey.ReverseMapSpace);
            TreeKey extentKey = new(reverse.Inode, RecordKind.Extent, (ulong)reverse.FileBlock);
            switch (owner.TryGet(extentKey, out ReadOnlySpan<byte> extentBytes))
            {
                case Lookup.Unknown:
                    return;
                case Lookup.Found when extentBytes.Length == ExtentRecord.SizeBytes
                    && ExtentRecord.Read(extentBytes) is { } extent
                    && extent.Start.Value == start && extent.BlockCount == reverse.BlockCount
                    && key == ReverseMapRecord.KeyOf(extent.Start, reverse.Inode, reverse.FileBlock):
                    ReverseCount++;
                    return;
                default:
                    owner._findings.Add(
                        FindingKind.ReverseStray, $"block {start}", $"an extent of {reverse.BlockCount} blocks at {extentKey}", "none like that");
                    return;
            }
        }
    }

    private bool IsInside(in ExtentRecord extent) =>
        extent.BlockCount > 0 && extent.Start.Chunk >= _layout.FirstUsableChunk && extent.Blocks.End.Value <= _layout.VolumeBlocks;

    /// <summary>Reverse records are distinct and each has its extent: when there are as many, every extent has its own.</summary>
    private void CheckReverseComplete(RecordCheck records)
    {
        if (records.ReverseCount < records.ExtentCount)
        {
            Tree.Walk(new MissingReverse(this));
        }
    }

    private sealed class MissingReverse(StructureChecker owner) : IRecordVisitor
    {
        public void Visit(TreeKey key, ReadOnlySpan<byte> value)
        {
            if (key.Kind != RecordKind.Extent || key.High >= TreeKey.ReverseMapSpace || value.Length != ExtentRecord.SizeBytes)
            {
                return;
            }

            ExtentRecord extent = ExtentRecord.Read(value);
            TreeKey reverseKey = ReverseMapRecord.KeyOf(extent.Start, key.Inode, (long)key.Offset);
            if (owner.IsInside(extent) && !Matches(owner.TryGet(reverseKey, out ReadOnlySpan<byte> bytes), bytes, key, extent))
            {
                owner._findings.Add(FindingKind.ReverseMissing, $"{extent.Start}", $"a reverse-map record for {key}", "none like that");
            }
        }

        public void VisitLost(TreeKey from, TreeKey to)
        {
        }

        private static bool Matches(Lookup outcome, ReadOnlySpan<byte> bytes, TreeKey key, in ExtentRecord extent) =>
            outcome == Lookup.Unknown
            || (outcome == Lookup.Found && bytes.Length == ReverseMapRecord.SizeBytes
                && ReverseMapRecord.Read(bytes) == new ReverseMapRecord(key.Inode, (long)key.Offset, extent.BlockCount));
    }
}
