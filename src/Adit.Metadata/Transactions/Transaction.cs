using Adit.Format;

namespace Adit.Metadata.Transactions;

public sealed partial class Transaction
{
    public int RoomBytes => throw new NotImplementedException();

    public void Put(TreeKey key, ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public void Delete(TreeKey key) => throw new NotImplementedException();

    public void PutExtent(InodeNumber inode, long fileBlock, ExtentRecord extent) => throw new NotImplementedException();

    public void DeleteExtent(InodeNumber inode, long fileBlock) => throw new NotImplementedException();

    public void Take(BlockExtent blocks) => throw new NotImplementedException();

    public void Free(BlockExtent blocks) => throw new NotImplementedException();

    public bool TryGet(TreeKey key, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public bool TryGetAtOrBelow(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public bool TryGetAtOrAbove(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public void Commit() => throw new NotImplementedException();

    public void Abort() => throw new NotImplementedException();
}
