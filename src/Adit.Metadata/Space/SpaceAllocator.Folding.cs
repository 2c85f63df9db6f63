using System.Runtime.CompilerServices;

namespace Adit.Metadata.Space;

/// <summary>Handing changed lines to the checkpoint.</summary>
public sealed partial class SpaceAllocator
{
    /// <summary>Hands out lines that changed since they were last handed out: what the medium should say of their chunks.
    /// Called under the transaction lock until it returns 0.</summary>
    /// <returns>How many of <paramref name="lines"/> were filled.</returns>
    public int CollectDirty(Span<ChangedLine> lines)
    {
        using (_lock.Enter())
        {
            var count = 0;
            while (count < lines.Length && _dirty.TryTake(out var slot))
            {
                ref var line = ref _lines[slot];
                line.Flags &= ~LineFlags.Dirty;
                if ((line.Flags & LineFlags.Collected) == 0)
                {
                    line.Flags |= LineFlags.Collected;
                    _collected.Add(slot);
                }

                lines[count++] = new ChangedLine(line.Chunk, new SpaceLine(line.Use, line.Live));
            }

            return count;
        }
    }

    /// <summary>How many lines <see cref="CollectDirty"/> would hand out. Under the transaction lock, which everything that makes
    /// a line dirty needs.</summary>
    public int DirtyLineCount => _dirty.Count;

    /// <summary>All lines handed out are in the tree that <see cref="ISpaceLines"/> reads: they may be dropped from memory.</summary>
    public void ReleaseCollected()
    {
        using (_lock.Enter())
        {
            while (_collected.TryTake(out var slot))
            {
                _lines[slot].Flags &= ~LineFlags.Collected;
            }

            _dropStamp++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MarkDirtyLocked(ref ChunkLine line, int slot)
    {
        if ((line.Flags & LineFlags.Dirty) == 0)
        {
            line.Flags |= LineFlags.Dirty;
            _dirty.Add(slot);
        }
    }
}
