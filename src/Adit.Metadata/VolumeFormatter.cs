using System.Runtime.InteropServices;
using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Nodes;
using Adit.Metadata.Space;
using Adit.Metadata.Trees;

namespace Adit.Metadata;

/// <summary>Lays out an empty volume: one node chunk with an empty root and the record of that chunk's use. The superblocks come
/// last, so that a crash leaves no volume rather than half of one.</summary>
internal static unsafe class VolumeFormatter
{
    private const ulong FirstEpoch = 1;

    /// <summary>Inode 1 is the root directory; numbers below 16 are kept for what may come.</summary>
    private const ulong FirstInode = 16;

    public static void Format(Medium medium, FormatOptions options)
    {
        Span<byte> label = stackalloc byte[Superblock.LabelBytes];
        label.Clear();
        if (Encoding.UTF8.GetByteCount(options.Label) >= Superblock.LabelBytes)
        {
            throw new VolumeException(Errno.EINVAL, $"The label is longer than {Superblock.LabelBytes - 1} bytes; choose a shorter one.");
        }

        Encoding.UTF8.GetBytes(options.Label, label);
        VolumeLayout layout = LayoutFor(medium, options);
        if (medium.Reserve(0, (layout.FirstUsableChunk + 1) << Geometry.ChunkShift) != Errno.Success)
        {
            throw new VolumeException(Errno.ENOSPC, $"The host has no room for {medium.Name}; free some, or make a smaller volume.");
        }

        ClearFixedParts(medium, layout);
        long root = layout.FirstUsableChunk << Geometry.BlocksPerChunkShift;
        WriteRoot(medium, layout, root, options.VolumeId);
        WriteNodeMap(medium, layout);
        medium.Fence();

        Superblock superblock = new()
        {
            Version = FormatVersion.Current,
            MinimumVersion = FormatVersion.MinimumCompatible,
            ReadOnlyCompatibleFeatures = options.ReadOnlyCompatibleFeatures | (options.Quotas ? FormatVersion.Quotas : 0),
            VolumeId = options.VolumeId,
            Sequence = 1,
            VolumeBlocks = layout.VolumeBlocks,
            MediumKind = (uint)medium.Kind,
            Flags = SuperblockFlags.Clean,
            CreatedUnixMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            NodeMapStart = layout.NodeMapStart,
            NodeMapBlocks = layout.NodeMapBlocks,
            LogStart = layout.LogStart,
            LogBlocks = layout.LogBlocks,
            FirstUsableChunk = layout.FirstUsableChunk,
            Epoch = FirstEpoch,
            RootBlock = root,
            LogSequence = 1,
            Incarnation = 1,
            FreeBlocks = (layout.ChunkCount - layout.FirstUsableChunk - 1) << Geometry.BlocksPerChunkShift,
            NextInode = FirstInode,
            NodeCount = 1,
        };
        superblock.NodeChunkHints[0] = layout.FirstUsableChunk;
        label.CopyTo(superblock.Label);
        Span<byte> bytes = stackalloc byte[Superblock.SizeBytes];
        superblock.Write(bytes);
        medium.Write(0, bytes);
        medium.Write(Superblock.SecondCopyBlock << Geometry.BlockShift, bytes);
        medium.Fence();
    }

    private static VolumeLayout LayoutFor(Medium medium, FormatOptions options)
    {
        if (medium.LengthBytes < VolumeLayout.MinimumVolumeBytes)
        {
            throw new VolumeException(
                Errno.EINVAL, $"{medium.Name} holds {medium.LengthBytes} bytes; a volume needs at least {VolumeLayout.MinimumVolumeBytes}.");
        }

        long largestLog = medium.LengthBytes / 4;
        if (options.LogBytes != 0 && (options.LogBytes < VolumeLayout.MinimumLogBytes || options.LogBytes > largestLog || options.LogBytes % Geometry.BlockSize != 0))
        {
            throw new VolumeException(
                Errno.EINVAL, $"A log of {options.LogBytes} bytes does not fit: choose a multiple of 4096 from {VolumeLayout.MinimumLogBytes} to {largestLog}.");
        }

        return VolumeLayout.For(medium.LengthBytes, options.LogBytes);
    }

    private static void ClearFixedParts(Medium medium, VolumeLayout layout)
    {
        // First the superblocks: from here on no old volume is found.
        medium.WriteZeros(0, Geometry.BlockSize);
        medium.WriteZeros(Superblock.SecondCopyBlock << Geometry.BlockShift, Geometry.BlockSize);
        medium.Fence();
        medium.WriteZeros(layout.NodeMapStart << Geometry.BlockShift, layout.NodeMapBlocks << Geometry.BlockShift);
        medium.WriteZeros(layout.LogStart << Geometry.BlockShift, layout.LogBlocks << Geometry.BlockShift);
    }

    private static void WriteRoot(Medium medium, VolumeLayout layout, long root, Guid volumeId)
    {
        byte* start = medium.Start + (root << Geometry.BlockShift);
        new Span<byte>(start, Geometry.BlockSize).Clear();
        Node node = new(start);
        node.Initialize(root, FirstEpoch, 0, VolumeTag.Of(volumeId));
        Span<byte> line = stackalloc byte[SpaceLineCodec.SizeBytes];
        SpaceLineCodec.Write(new SpaceLine(ChunkUse.Nodes, SpaceLineCodec.Full.Bits), line);
        node.TryInsert(0, SpaceLineCodec.KeyOf(layout.FirstUsableChunk), line);
        node.Header.Crc = Checksum.OfExceptField(new ReadOnlySpan<byte>(start, Geometry.BlockSize), NodeHeader.ChecksumOffset);
        medium.MarkStored(root << Geometry.BlockShift, Geometry.BlockSize);
    }

    private static void WriteNodeMap(Medium medium, VolumeLayout layout)
    {
        NodeMapSlot slot = new() { InUse = 1, Chunk = layout.FirstUsableChunk };
        slot.Live[0] = 1;
        slot.Seal();
        medium.Write(NodeMapHome.OffsetOf(layout, layout.FirstUsableChunk), MemoryMarshal.AsBytes(new ReadOnlySpan<NodeMapSlot>(in slot)));
    }
}
