using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Media;

namespace Adit.Metadata.Logging;

/// <summary>Memory for staged records that outlives the process: two buffers, and for each which part of the log is in it. When the process is
/// killed, the next one that opens the volume with the same memory writes them to the log before it recovers.</summary>
/// <remarks>
/// <para>Invariant: a buffer's range is either empty or lies whole in the buffer. So a range's end moves after its bytes are there, and an emptied
/// buffer gets its new beginning before its new end: in between it ends before it begins, which counts as empty.</para>
/// <para>This is about the death of a process, not of the machine: what a killed process has stored in shared memory is there, in the order in
/// which it was stored. Locks: those of <see cref="LogRing"/>.</para>
/// </remarks>
public sealed unsafe class StagingArea
{
    /// <summary>The most that is staged at a time.</summary>
    public const int BufferBytes = 4 << 20;

    /// <summary>How much memory it takes.</summary>
    public const long SizeBytes = HeaderBytes + (2L * BufferBytes);

    private const int HeaderBytes = 4096;
    private const ulong Magic = 0x3147_5354_4144_4941;

    private readonly byte* _start;

    /// <param name="start">Shared memory of <see cref="SizeBytes"/>, a page's boundary; zeros, or what an earlier process left.</param>
    public StagingArea(byte* start) => _start = start;

    private ref Header Head => ref *(Header*)_start;

    internal byte* Buffer(int index) => _start + HeaderBytes + ((long)index * BufferBytes);

    /// <summary>Begins anew, with both buffers empty.</summary>
    internal void Begin(Guid volumeId, ulong incarnation)
    {
        Volatile.Write(ref Head.Magic, 0);
        Head.First = Head.Second = default;
        Head.VolumeId = volumeId;
        Head.Incarnation = incarnation;
        Volatile.Write(ref Head.Magic, Magic);
    }

    /// <summary>The buffer is empty, and what comes begins there.</summary>
    internal void Restart(int index, ulong position)
    {
        ref Range range = ref RangeOf(index);
        Volatile.Write(ref range.From, position);
        Volatile.Write(ref range.To, position);
    }

    /// <summary>The buffer's bytes up to there are whole.</summary>
    internal void Extend(int index, ulong end) => Volatile.Write(ref RangeOf(index).To, end);

    /// <summary>Writes to the log what a process that was killed had staged, and makes it and all data durable. Can be repeated.</summary>
    /// <returns>How many bytes of records were saved.</returns>
    internal long WriteOut(Medium medium, VolumeLayout layout, in Superblock superblock)
    {
        if (Volatile.Read(ref Head.Magic) != Magic || Head.VolumeId != superblock.VolumeId || Head.Incarnation != superblock.Incarnation)
        {
            return 0;
        }

        // Which pages the killed process had written and not made durable nobody knows any more. Data before the records that reach it.
        medium.MarkStored(0, medium.LengthBytes);
        medium.Fence();
        int older = Head.First.From <= Head.Second.From ? 0 : 1;
        long saved = WriteOut(older, medium, layout, superblock.LogHead) + WriteOut(1 - older, medium, layout, superblock.LogHead);
        medium.Fence();
        return saved;
    }

    private long WriteOut(int index, Medium medium, VolumeLayout layout, ulong head)
    {
        Range range = RangeOf(index);
        ulong size = (ulong)layout.LogBlocks << Geometry.BlockShift;
        if (range.To <= range.From || range.To - range.From > BufferBytes)
        {
            return 0;
        }

        // What lies before the head is in the published tree, and its place in the ring may be another record's.
        ulong position = Math.Max(range.From, head);
        long saved = 0;
        while (position < range.To)
        {
            ulong inRing = position % size;
            ulong length = Math.Min(range.To - position, size - inRing);
            byte* source = Buffer(index) + (position - range.From);
            medium.Write((layout.LogStart << Geometry.BlockShift) + (long)inRing, new ReadOnlySpan<byte>(source, (int)length));
            position += length;
            saved += (long)length;
        }

        return saved;
    }

    private ref Range RangeOf(int index) => ref index == 0 ? ref Head.First : ref Head.Second;

    [StructLayout(LayoutKind.Sequential)]
    private struct Range
    {
        public ulong From;
        public ulong To;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public ulong Magic;
        public ulong Incarnation;
        public Guid VolumeId;
        public Range First;
        public Range Second;
    }
}
