using Adit.Access;
using Adit.Cli.Reports;
using Adit.Cli.Trees;
using Adit.Format;
using Adit.Nodes;

namespace Adit.Cli.Inspection;

/// <summary>Makes the document of <c>adit stat</c>.</summary>
internal static class NodeReader
{
    public static NodeReport Read(Volume volume, string path)
    {
        var attributes = volume.GetAttributes(path, followLink: false);
        var extents = new List<ExtentReport>();
        long hugeRanges = 0;
        ExtentWalk.OfInode(volume.Store, attributes.Inode, (InodeNumber _, long fileBlock, in ExtentRecord extent) =>
        {
            hugeRanges += HugeRanges.Count(fileBlock, extent);
            extents.Add(new ExtentReport(
                fileBlock << Geometry.BlockShift,
                extent.Blocks.LengthBytes,
                extent.Start.OffsetBytes,
                extent.IsUnwritten,
                (extent.Flags & ExtentFlags.Shared) != 0));
        });

        var dax = volume.GetDaxStatus(path, followLink: false);
        var isFile = attributes.Type == FileType.Regular;
        var wholeRanges = attributes.SizeBytes >> Geometry.ChunkShift;
        return new NodeReport
        {
            Path = path,
            Inode = attributes.Inode.Value,
            Type = NodeText.TypeOf(attributes.Type),
            Mode = NodeText.Octal(attributes.Mode & 0xFFF),
            Links = attributes.LinkCount,
            Uid = attributes.UserId,
            Gid = attributes.GroupId,
            Size = attributes.SizeBytes,
            AllocatedBytes = attributes.BlockCount << Geometry.BlockShift,
            Accessed = NodeText.Time(attributes.AccessTime),
            Modified = NodeText.Time(attributes.ModifyTime),
            Changed = NodeText.Time(attributes.ChangeTime),
            Born = NodeText.Time(attributes.BirthTime),
            Target = attributes.Type == FileType.SymbolicLink ? volume.ReadLink(path) : null,
            Flags = Commands.FlagLetters.Format((FileFlags)attributes.Flags),
            Project = attributes.ProjectId,
            DaxFlag = dax.Flag,
            DaxState = TextOf(dax.State),
            DaxReason = dax.Reason,
            DaxInUse = dax.IsInUse,
            DaxNextState = TextOf(dax.NextState),
            DaxPending = dax.Pending,
            Checksums = dax.KeepsChecksums,
            HugeShare = isFile && wholeRanges > 0 ? Math.Min(1.0, (double)hugeRanges / wholeRanges) : null,
            Extents = extents,
        };
    }

    private static string? TextOf(DaxState state) => state switch
    {
        DaxState.Direct => "direct",
        DaxState.Private => "private",
        _ => null,
    };
}
