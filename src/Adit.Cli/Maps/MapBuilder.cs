using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Adit.Cli.Inspection;
using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Space;

namespace Adit.Cli.Maps;

/// <summary>Draws up the map of an open volume: data from the extents of its files, the rest from superblock and space lines.</summary>
/// <remarks>Space lines in the tree are those of the last checkpoint, so a writable volume makes one first.</remarks>
internal sealed class MapBuilder
{
    private const int WordsPerChunk = Geometry.BlocksPerChunk / 64;

    private readonly Volume _volume;
    private readonly VolumeLayout _layout;
    private readonly ulong[] _bits;
    private readonly ChunkKind[] _kinds;
    private long _extents;
    private long _files;
    private ulong _lastInode;
    private long _hugeChunks;
    private long _dataBlocks;

    public MapBuilder(Volume volume)
    {
        _volume = volume;
        var medium = volume.Store.Medium;
        if (!Superblock.TryRead(medium.Span(0, Superblock.SizeBytes), out var superblock)
            && !Superblock.TryRead(medium.Span(Superblock.SecondCopyBlock << Geometry.BlockShift, Superblock.SizeBytes), out superblock))
        {
            throw new CommandLine.CommandFailure($"{medium.Name}: neither superblock is valid", CommandLine.ExitCode.Damaged, Errno.EUCLEAN);
        }

        _layout = new VolumeLayout(
            superblock.VolumeBlocks, superblock.NodeMapStart, superblock.NodeMapBlocks, superblock.LogStart, superblock.LogBlocks, superblock.FirstUsableChunk);
        _bits = new ulong[_layout.ChunkCount * WordsPerChunk];
        _kinds = new ChunkKind[_layout.ChunkCount];
    }

    public VolumeMap Build()
    {
        if (!_volume.IsReadOnly)
        {
            _volume.CheckpointNow();
        }

        MarkFixed();
        MarkNodes();
        ExtentWalk.OfVolume(_volume.Store, MarkExtent);
        return Result();
    }

    private void MarkFixed()
    {
        for (var chunk = 0L; chunk < _layout.FirstUsableChunk; chunk++)
        {
            var start = chunk << Geometry.BlocksPerChunkShift;
            var logBlocks = Math.Min(start + Geometry.BlocksPerChunk, _layout.LogStart + _layout.LogBlocks) - Math.Max(start, _layout.LogStart);
            _kinds[chunk] = logBlocks > Geometry.BlocksPerChunk / 2 ? ChunkKind.Log : ChunkKind.Fixed;
        }

        Mark(0, 1);
        Mark(Superblock.SecondCopyBlock, 1);
        Mark(_layout.NodeMapStart, _layout.NodeMapBlocks);
        Mark(_layout.LogStart, _layout.LogBlocks);
    }

    private void MarkNodes()
    {
        using var reader = _volume.Store.Read();
        var next = SpaceLineCodec.KeyOf(0);
        while (reader.TryGetAtOrAbove(next, out var found, out var value)
            && found.Inode == InodeNumber.Volume && found.Kind == RecordKind.Space && (long)found.Offset < _layout.ChunkCount)
        {
            if (value.Length == SpaceLineCodec.SizeBytes && SpaceLineCodec.Read(value).Use == ChunkUse.Nodes)
            {
                _kinds[found.Offset] = ChunkKind.Nodes;
                Mark((long)found.Offset << Geometry.BlocksPerChunkShift, Geometry.BlocksPerChunk);
            }

            next = found.Next();
        }
    }

    private void MarkExtent(InodeNumber inode, long fileBlock, in ExtentRecord extent)
    {
        if (extent.Start.Value < 0 || extent.Start.Value + extent.BlockCount > _layout.ChunkCount << Geometry.BlocksPerChunkShift)
        {
            return;
        }

        _extents++;
        if (inode.Value != _lastInode)
        {
            _lastInode = inode.Value;
            _files++;
        }

        _dataBlocks += extent.BlockCount;
        Mark(extent.Start.Value, extent.BlockCount);
        var last = (extent.Start + (extent.BlockCount - 1)).Chunk;
        for (var chunk = extent.Start.Chunk; chunk <= last; chunk++)
        {
            if (_kinds[chunk] == ChunkKind.Free)
            {
                _kinds[chunk] = ChunkKind.Small;
            }
        }

        var (first, end) = HugeRanges.Chunks(fileBlock, extent);
        for (var chunk = first; chunk < end; chunk++)
        {
            _kinds[chunk] = ChunkKind.Huge;
            _hugeChunks++;
        }
    }

    private void Mark(long start, long count)
    {
        for (var block = start; block < start + count;)
        {
            var inWord = (int)(block & 63);
            var run = (int)Math.Min(64 - inWord, start + count - block);
            _bits[block >> 6] |= (run == 64 ? ulong.MaxValue : (1UL << run) - 1) << inWord;
            block += run;
        }
    }

    private VolumeMap Result()
    {
        var taken = new byte[_kinds.Length * 2];
        var freeByRun = new long[Geometry.BlocksPerChunkShift + 1];
        long wholeFree = 0;
        for (var chunk = 0; chunk < _kinds.Length; chunk++)
        {
            var words = _bits.AsSpan(chunk * WordsPerChunk, WordsPerChunk);
            var count = 0;
            foreach (var word in words)
            {
                count += BitOperations.PopCount(word);
            }

            BinaryPrimitives.WriteUInt16LittleEndian(taken.AsSpan(chunk * 2), (ushort)count);
            wholeFree += _kinds[chunk] == ChunkKind.Free ? 1 : 0;
            if (chunk >= _layout.FirstUsableChunk)
            {
                AddFreeRuns(words, freeByRun);
            }
        }

        var information = _volume.GetInformation();
        var hugeBytes = _hugeChunks << Geometry.ChunkShift;
        return new VolumeMap
        {
            Name = information.Name,
            Label = information.Label,
            Medium = MediumNames.Of(information.MediumKind),
            SizeBytes = information.SizeBytes,
            Kinds = MemoryMarshal.AsBytes(_kinds.AsSpan()).ToArray(),
            TakenBlocks = taken,
            Bits = _kinds.Length <= VolumeMap.MaxChunksWithBits ? MemoryMarshal.AsBytes(_bits.AsSpan()).ToArray() : [],
            FreeBytesByRun = freeByRun,
            Totals = new MapTotals(
                Huge: hugeBytes,
                Small: (_dataBlocks << Geometry.BlockShift) - hugeBytes,
                Nodes: BytesOf(ChunkKind.Nodes),
                Log: _layout.LogBlocks << Geometry.BlockShift,
                Fixed: (_layout.FirstUsableChunk << Geometry.ChunkShift) - (_layout.LogBlocks << Geometry.BlockShift),
                Free: freeByRun.Sum(),
                FreeWholeChunks: wholeFree << Geometry.ChunkShift,
                Extents: _extents,
                Files: _files),
        };
    }

    private long BytesOf(ChunkKind kind) => (long)_kinds.Count(each => each == kind) << Geometry.ChunkShift;

    /// <summary>Adds the free runs of a chunk to their classes: a run of n blocks to class log2(n).</summary>
    private static void AddFreeRuns(ReadOnlySpan<ulong> words, long[] freeByRun)
    {
        var run = 0;
        for (var block = 0; block <= Geometry.BlocksPerChunk; block++)
        {
            var isFree = block < Geometry.BlocksPerChunk && (words[block >> 6] & (1UL << (block & 63))) == 0;
            if (isFree)
            {
                run++;
            }
            else if (run > 0)
            {
                freeByRun[BitOperations.Log2((uint)run)] += (long)run << Geometry.BlockShift;
                run = 0;
            }
        }
    }
}
