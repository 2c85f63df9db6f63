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

    private void ChangeRecords()
    {
        if (_random.Next(12) == 0)
        {
            MakeInode();
            return;
        }

        bool isLarge = _random.Next(100) < options.LargePercent;
        bool shrinks = _history.Current.Records.Count > options.RecordTarget;
        int count = isLarge ? 60 : _random.Next(1, 9);
        List<(TreeKey Key, byte[]? Value)> actions = [];
        StoreState next = _history.Current;
        for (int i = 0; i < count; i++)
        {
            bool deletes = next.Records.Count > 0 && _random.Next(100) < (shrinks ? 65 : 30);
            TreeKey key = deletes || (next.Records.Count > 0 && _random.Next(3) == 0) ? SomeKey(next) : NewKey();
            byte[]? value = deletes ? null : Pattern.Make(_random.Next(options.MaxValueBytes + 1), ++_nextSeed);
            actions.Add((key, value));
            next = value is null ? next.Delete(key) : next.Put(key, value);
        }

        TransactionSize size = isLarge ? TransactionSize.Large : TransactionSize.Usual;
        Commit($"{(isLarge ? "large: " : "")}{string.Join(", ", actions.Take(4).Select(Describe))}{(count > 4 ? ", ..." : "")}", next, size, transaction =>
        {
            foreach ((TreeKey key, byte[]? value) in actions)
            {
                if (transaction.RoomBytes < ActionOverheadBytes + (value?.Length ?? 0))
                {
                    throw new InvalidOperationException($"{actions.Count} actions do not fit a {size} transaction: {transaction.RoomBytes} bytes left");
                }

                if (value is null)
                {
                    transaction.Delete(key);
                }
                else
                {
                    transaction.Put(key, value);
                }
            }
        });
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
        Commit($"make {inode}", _history.Current.Put(key, value), TransactionSize.Usual, transaction => transaction.Put(key, value));
    }

    private TreeKey NewKey() => new(SomeInode(), Kinds[_random.Next(Kinds.Length)], (ulong)_random.NextInt64() & TreeKey.MaxOffset);

    private TreeKey SomeKey(StoreState state) => state.Records.Keys.ElementAt(_random.Next(state.Records.Count));

    private static string Describe((TreeKey Key, byte[]? Value) action) =>
        action.Value is null ? $"delete {action.Key}" : $"put {action.Key} ({action.Value.Length} bytes)";
}
