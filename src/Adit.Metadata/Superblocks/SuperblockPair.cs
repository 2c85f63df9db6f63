using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Media;

namespace Adit.Metadata.Superblocks;

/// <summary>The two copies of a volume's superblock. At rest both are equal and valid; while one is being written the other
/// is valid and durable, so that no crash, however often repeated, leaves none.</summary>
internal sealed class SuperblockPair(Medium medium, BrokenVariant broken)
{
    private const long FirstOffset = 0;
    private const long SecondOffset = Superblock.SecondCopyBlock << Geometry.BlockShift;

    /// <summary>What is published.</summary>
    public Superblock Current { get; private set; }

    /// <summary>A copy was missing or older when the volume was opened.</summary>
    public bool CopiesDiffered { get; private set; }

    /// <summary>Finds the copy that counts.</summary>
    /// <returns>False when neither is valid.</returns>
    public bool TryLoad()
    {
        bool hasFirst = TryReadAt(FirstOffset, out Superblock first);
        bool hasSecond = TryReadAt(SecondOffset, out Superblock second);
        if (!hasFirst && !hasSecond)
        {
            return false;
        }

        Current = hasFirst && (!hasSecond || first.Sequence >= second.Sequence) ? first : second;
        CopiesDiffered = !hasFirst || !hasSecond || first.Sequence != second.Sequence;
        return true;
    }

    /// <summary>Repairs the copy that does not count; durable on return.</summary>
    public void MakeEqual()
    {
        if (!CopiesDiffered)
        {
            return;
        }

        bool isFirstCurrent = TryReadAt(FirstOffset, out Superblock first) && first.Sequence == Current.Sequence;
        WriteAt(isFirstCurrent ? SecondOffset : FirstOffset, Current);
        medium.Fence();
        CopiesDiffered = false;
    }

    /// <summary>Publishes; durable on return.</summary>
    public void Publish(Superblock superblock)
    {
        superblock.Sequence = Current.Sequence + 1;
        WriteAt(SecondOffset, superblock);
        if (broken is not BrokenVariant.PublishBothAtOnce)
        {
            FenceUnlessBroken();
        }

        WriteAt(FirstOffset, superblock);
        FenceUnlessBroken();
        Current = superblock;
    }

    private void FenceUnlessBroken()
    {
        if (broken != BrokenVariant.SkipSuperblockFence)
        {
            medium.Fence();
        }
    }

    private bool TryReadAt(long offset, out Superblock superblock)
    {
        superblock = default;
        return offset + Superblock.SizeBytes <= medium.LengthBytes
            && Superblock.TryRead(medium.Span(offset, Superblock.SizeBytes), out superblock);
    }

    private void WriteAt(long offset, Superblock superblock)
    {
        Span<byte> bytes = stackalloc byte[Superblock.SizeBytes];
        superblock.Write(bytes);
        medium.Write(offset, bytes);
    }
}
