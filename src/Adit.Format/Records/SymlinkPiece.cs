namespace Adit.Format.Records;

/// <summary>How the target of a symbolic link is cut into <see cref="RecordKind.Symlink"/> records: raw bytes, each piece but the
/// last of <see cref="PieceBytes"/>. The inode's size is the target's length.</summary>
public static class SymlinkPiece
{
    public const int PieceBytes = 1024;

    /// <summary>Linux allows no longer path.</summary>
    public const int MaxTargetBytes = 4095;

    public static TreeKey Key(InodeNumber inode, int piece) => new(inode, RecordKind.Symlink, (uint)piece);

    public static int PiecesOf(long targetLengthBytes) => (int)((targetLengthBytes + PieceBytes - 1) / PieceBytes);
}
