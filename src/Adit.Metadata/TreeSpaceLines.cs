using Adit.Format;
using Adit.Interop.Locking;
using Adit.Metadata.Space;
using Adit.Metadata.Trees;

namespace Adit.Metadata;

/// <summary>Reads space lines from the working tree. Only lines that no one has changed since the last checkpoint are read.</summary>
internal sealed class TreeSpaceLines(RankedReaderWriterLock treeLock) : ISpaceLines
{
    /// <summary>Set once, when the tree exists.</summary>
    public WorkingTree? Tree { get; set; }

    /// <summary>A line could not be read: its chunk counts as full until the volume is repaired.</summary>
    public bool HasDamage { get; private set; }

    public bool TryReadLine(long chunk, out SpaceLine line)
    {
        Invariant.That(Tree is not null, "the tree is there before space is asked for");
        treeLock.EnterShared();
        try
        {
            if (Tree.TryGet(SpaceLineCodec.KeyOf(chunk), out ReadOnlySpan<byte> value) && value.Length == SpaceLineCodec.SizeBytes)
            {
                line = SpaceLineCodec.Read(value);
                return true;
            }

            line = default;
            return false;
        }
        catch (TreeDamagedException)
        {
            HasDamage = true;
            line = SpaceLineCodec.Full;
            return true;
        }
        finally
        {
            treeLock.ExitShared();
        }
    }
}
