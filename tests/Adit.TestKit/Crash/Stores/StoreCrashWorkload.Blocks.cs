using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;
using Adit.TestKit.Model;

namespace Adit.TestKit.Crash.Stores;

public sealed partial class StoreCrashWorkload
{
    private const int LongestExtent = 40;

    /// <summary>Extents start at multiples of this, so that none runs into the next.</summary>
    private const long FileBlockStride = 64;

    private void ChangeBlocks()
    {
        StoreState now = _history.Current;
        bool shrinks = now.TakenBlocks > options.BlockTarget;
        int choice = _random.Next(100);
        if (now.Extents.IsEmpty || choice < (shrinks ? 15 : 50))
        {
            PlaceExtent(NewExtentKey());
        }
        else if (choice < 65)
        {
            PlaceExtent(SomeExtent(now).Key);
        }
        else if (choice < 80)
        {
            ShortenExtent();
        }
        else
        {
            DropExtent();
        }
    }

    /// <summary>Writes new blocks and makes a key lead to them; what it led to before is freed in the same transaction.</summary>
    private void PlaceExtent(TreeKey key)
    {
        long wanted = _random.Next(1, LongestExtent + 1);
        SpaceShape shape = _random.Next(100) < options.LargeShapePercent ? SpaceShape.Large : SpaceShape.Small;
        Errno outcome = Store.Space.TryReserve(new SpaceRequest(wanted, BlockAddress.None, 0, shape), out BlockExtent blocks);
        if (outcome == Errno.ENOSPC)
        {
            NoSpaceCount++;
            DropExtent();
            return;
        }

        if (outcome != Errno.Success)
        {
            throw new InvalidOperationException($"reserve: {outcome}");
        }

        _reserved.Add(blocks);
        ulong seed = _nextSeed += LongestExtent;
        WriteData(blocks, seed);
        StoreExtent extent = new(new ExtentRecord(blocks.Start, (uint)blocks.BlockCount, ExtentFlags.None), seed);
        _history.Current.Extents.TryGetValue(key, out StoreExtent? old);
        Commit(
            $"place {blocks} at {key}{(old is null ? "" : $" instead of {old.Record.Blocks}")}",
            TransactionSize.Usual,
            transaction =>
            {
                if (old is not null)
                {
                    transaction.Free(old.Record.Blocks);
                }

                _extents.Add(key);
                transaction.Take(blocks);
                transaction.PutExtent(key.Inode, (long)key.Offset, extent.Record);
                return _history.Current.PutExtent(key, extent);
            });
    }

    /// <summary>Frees the end of an extent.</summary>
    private void ShortenExtent()
    {
        (TreeKey key, StoreExtent old) = SomeExtent(_history.Current);
        if (old.Record.BlockCount == 1)
        {
            DropExtent();
            return;
        }

        uint kept = (uint)_random.Next(1, (int)old.Record.BlockCount);
        StoreExtent extent = old with { Record = old.Record with { BlockCount = kept } };
        Commit(
            $"shorten {key} from {old.Record.Blocks} to {extent.Record.Blocks}",
            TransactionSize.Freeing,
            transaction =>
            {
                transaction.PutExtent(key.Inode, (long)key.Offset, extent.Record);
                transaction.Free(new BlockExtent(old.Record.Start + kept, old.Record.BlockCount - kept));
                return _history.Current.PutExtent(key, extent);
            });
    }

    /// <summary>Frees every block and takes that into the tree: whole chunks are free again afterwards.</summary>
    private void Sweep()
    {
        while (!_history.Current.Extents.IsEmpty && NoSpaceCount < options.Steps)
        {
            DropExtent();
        }

        Checkpoint();
    }

    private void DropExtent()
    {
        if (_history.Current.Extents.IsEmpty)
        {
            return;
        }

        (TreeKey key, StoreExtent old) = SomeExtent(_history.Current);
        Commit(
            $"drop {key} ({old.Record.Blocks})",
            TransactionSize.Freeing,
            transaction =>
            {
                _extents.Remove(key);
                transaction.DeleteExtent(key.Inode, (long)key.Offset);
                transaction.Free(old.Record.Blocks);
                return _history.Current.DeleteExtent(key);
            });
    }

    private void WriteData(BlockExtent blocks, ulong seed)
    {
        byte[] bytes = new byte[Geometry.BlockSize];
        for (long i = 0; i < blocks.BlockCount; i++)
        {
            Pattern.Fill(bytes, seed + (ulong)i);
            Store.Medium.Write((blocks.Start + i).OffsetBytes, bytes);
        }

        if (Store.CommitsAreDurable)
        {
            Store.Medium.Fence();
        }
    }

    private TreeKey NewExtentKey() => new(SomeInode(), RecordKind.Extent, (ulong)(_random.Next(64) * FileBlockStride));

    private (TreeKey Key, StoreExtent Extent) SomeExtent(StoreState state)
    {
        TreeKey key = _extents.Pick(_random);
        return (key, state.Extents[key]);
    }
}
