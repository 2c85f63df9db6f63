using Adit.Format;
using Adit.Metadata.Transactions;
using Adit.TestKit.Model;

namespace Adit.TestKit.Crash.Stores;

public sealed partial class StoreCrashWorkload
{
    private static readonly RecordKind[] Kinds =
        [RecordKind.Inode, RecordKind.DirectoryEntry, RecordKind.DirectoryEntry, RecordKind.Attribute, RecordKind.AttributeValue, RecordKind.Symlink];

    /// <summary>Room that one action may need in a log record, beyond its value.</summary>
    private const int ActionOverheadBytes = 128;

    private void ChangeRecords(bool isLarge)
    {
        if (!options.IsUniform && !isLarge && _random.Next(12) == 0)
        {
            MakeInode();
            return;
        }

        bool shrinks = _history.Current.Records.Count > options.RecordTarget;
        int count = isLarge ? 120 : options.IsUniform ? 1 : _random.Next(1, options.FillsTransactions ? 30 : 9);
        List<string> actions = [];
        StoreState next = _history.Current;
        Commit(isLarge ? "in a large transaction" : "in a transaction", isLarge ? TransactionSize.Large : TransactionSize.Usual, transaction =>
        {
            for (int i = 0; i < count && transaction.RoomBytes > ActionOverheadBytes + options.MaxValueBytes; i++)
            {
                next = ChangeRecord(transaction, next, shrinks, actions);
            }

            _recent.Add(string.Join(", ", actions.Take(6)) + (actions.Count > 6 ? $", and {actions.Count - 6} more" : ""));
            return next;
        });
    }

    private StoreState ChangeRecord(Transaction transaction, StoreState now, bool shrinks, List<string> actions)
    {
        bool deletes = _keys.Count > 0 && !options.IsUniform && _random.Next(100) < (shrinks ? 65 : 30);
        TreeKey key = deletes || (_keys.Count > 0 && _random.Next(3) == 0) ? _keys.Pick(_random) : NewKey();
        if (deletes)
        {
            _keys.Remove(key);
            transaction.Delete(key);
            actions.Add($"delete {key}");
            return now.Delete(key);
        }

        byte[] value = Pattern.Make(options.IsUniform ? options.MaxValueBytes : _random.Next(options.MaxValueBytes + 1), ++_nextSeed);
        _keys.Add(key);
        transaction.Put(key, value);
        actions.Add($"put {key} ({value.Length} bytes)");
        return now.Put(key, value);
    }

    /// <summary>A record under a number that must never come again.</summary>
    private void MakeInode()
    {
        InodeNumber inode = new(Store.NextInodeNumber());
        TreeKey key = new(inode, RecordKind.Inode, 0);
        if (_history.Current.Records.ContainsKey(key))
        {
            throw new InvalidOperationException($"{inode} was given out twice");
        }

        byte[] value = Pattern.Make(128, ++_nextSeed);
        Commit($"make {inode}", TransactionSize.Usual, transaction =>
        {
            _keys.Add(key);
            transaction.Put(key, value);
            return _history.Current.Put(key, value);
        });
    }

    private TreeKey NewKey() => new(SomeInode(), Kinds[_random.Next(Kinds.Length)], (ulong)_random.NextInt64() & TreeKey.MaxOffset);
}
