using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata;
using Adit.Metadata.Trees;

namespace Adit.Inodes;

/// <summary>How many inodes there are. Kept nowhere on the medium: those that were there at the opening are counted when somebody first asks, a
/// stretch at each question, so that neither opening nor asking takes long; what is made and removed since is known.</summary>
/// <remarks>Numbers are never given out again, so what was there at the opening lies below <paramref name="firstNew"/>. An inode removed at the very
/// moment in which the count passes it may be counted wrongly by one. Thread-safe.</remarks>
/// <param name="store">Holds the records.</param>
/// <param name="firstNew">The first number that was not given out yet at the opening.</param>
internal sealed class InodeCounter(MetadataStore store, ulong firstNew)
{
    private const int RecordsPerRead = 512;
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private ulong _next = 1;
    private long _counted;
    private long _made;

    /// <summary>Within the transaction that makes it, whose lock guards the count.</summary>
    public void Made() => Volatile.Write(ref _made, _made + 1);

    /// <summary>Within the transaction that removes it. Behind its commit an interlocked count would wait for the record to drain.</summary>
    public void Removed(InodeNumber inode)
    {
        if (inode.Value >= firstNew || inode.Value < Volatile.Read(ref _next))
        {
            Volatile.Write(ref _made, _made - 1);
        }
    }

    /// <summary>Those counted so far.</summary>
    public long Count()
    {
        lock (_lock)
        {
            long started = store.Options.Time.GetTimestamp();
            while (_next < firstNew && store.Options.Time.GetElapsedTime(started) < Budget)
            {
                CountStretch();
            }
        }

        return Math.Max(0, Volatile.Read(ref _counted) + Volatile.Read(ref _made));
    }

    private void CountStretch()
    {
        using TreeReader tree = store.Read();
        for (int i = 0; i < RecordsPerRead && _next < firstNew; i++)
        {
            if (!tree.TryGetAtOrAbove(InodeRecord.Key(new InodeNumber(_next)), out TreeKey found, out _) || found.Inode.Value >= firstNew)
            {
                Volatile.Write(ref _next, firstNew);
                return;
            }

            // A record of another kind belongs to an inode whose own comes first: there is none of that number.
            _counted += found.Kind == RecordKind.Inode ? 1 : 0;
            Volatile.Write(ref _next, found.Inode.Value + 1);
        }
    }
}
