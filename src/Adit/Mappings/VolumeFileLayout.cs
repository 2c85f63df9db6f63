using Adit.Dax.Layouts;
using Adit.Extents;
using Adit.Files;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Locking;
using Adit.Media;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit.Mappings;

/// <summary>A file of a volume as the DAX core sees it.</summary>
/// <remarks>Questions are answered from the tree, so they need nothing but the inode's lock shared: the map in memory may have to be
/// read again, which needs it exclusively.</remarks>
internal sealed class VolumeFileLayout(VolumeContext context, FileData data, Inode inode) : IFileLayout
{
    public Medium Medium => context.Medium;

    /// <summary>Nothing of a file that is gone can be accessed.</summary>
    public long SizeBytes => inode.IsGone ? 0 : inode.Record.SizeBytes;

    /// <summary>Also of a file whose flags forbid that its bytes change where they are.</summary>
    public bool IsReadOnly => context.IsReadOnly || inode.Record.IsImmutableOrAppendOnly();

    public void Enter(LayoutAccess access)
    {
        if (access == LayoutAccess.Look)
        {
            inode.Lock.EnterShared();
        }
        else
        {
            ChangeScope.Enter(inode.Lock, context.Freezing);
        }
    }

    public void Exit(LayoutAccess access)
    {
        if (access == LayoutAccess.Look)
        {
            inode.Lock.ExitShared();
        }
        else
        {
            inode.Lock.ExitExclusive();
        }
    }

    public Errno Find(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        try
        {
            extent = Find(page);
            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            extent = default;
            return errno;
        }
    }

    public Errno MakeWritable(PageIndex page, long pageCount, out LayoutExtent extent)
    {
        extent = default;
        try
        {
            Errno errno = data.GiveBlocksLocked(inode, page.Value, page.Value + pageCount, content: default);
            if (errno == Errno.Success)
            {
                extent = Find(page);
                extent = extent with { Flags = extent.Flags | LayoutFlags.New };
                context.Changes.Usage(inode.Number);
            }

            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    public Errno Fill(PageIndex page, ReadOnlySpan<byte> content)
    {
        try
        {
            Errno errno = data.GiveBlocksLocked(inode, page.Value, page.Value + (content.Length >> Geometry.BlockShift), content);
            if (errno == Errno.Success)
            {
                context.Changes.Filled(inode.Number, page.OffsetBytes, content.Length);
            }

            return errno;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    public Errno MakeDurable(PageRange pages)
    {
        try
        {
            context.Store.EnsureDurable();
            return Errno.Success;
        }
        catch (Exception exception) when (VolumeContext.IsOutcome(exception, out Errno errno))
        {
            return errno;
        }
    }

    public void MarkModified()
    {
        if (inode.Mark(PendingTimes.Modify))
        {
            context.TimeStamps.Add(inode);
            context.Changes.Usage(inode.Number);
        }
    }

    private LayoutExtent Find(PageIndex page)
    {
        using TreeReader tree = context.Store.Read();
        if (!ExtentMap.TryReadAtOrBehind(in tree, context.Store, inode.Number, page.Value, out long first, out ExtentRecord found))
        {
            return new LayoutExtent(PageRange.From(page), LayoutKind.Hole, MediumPage.None);
        }

        if (first > page.Value)
        {
            return new LayoutExtent(PageRange.Between(page, new PageIndex(first)), LayoutKind.Hole, MediumPage.None);
        }

        LayoutFlags flags = ((found.Flags & ExtentFlags.Shared) != 0 ? LayoutFlags.Shared : 0)
            | (context.CommitsAreDurable ? 0 : LayoutFlags.NotDurable);
        return new LayoutExtent(
            new PageRange(new PageIndex(first), found.BlockCount),
            found.IsUnwritten ? LayoutKind.Unwritten : LayoutKind.Mapped,
            new MediumPage(found.Start.Value),
            flags);
    }
}
