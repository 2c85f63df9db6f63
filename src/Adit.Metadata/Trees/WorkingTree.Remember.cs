using System.Runtime.CompilerServices;
using Adit.Format;

namespace Adit.Metadata.Trees;

internal sealed unsafe partial class WorkingTree
{
    private const int PlaceCount = 256;

    /// <summary>Where the records changed last lie: an append changes the same three again and again.</summary>
    private readonly Place[] _places = new Place[PlaceCount];

    /// <summary>Replaces a value without a search when the record still lies in a working node where it was last seen.</summary>
    private bool TryOverwriteRemembered(TreeKey key, ReadOnlySpan<byte> value)
    {
        byte* found = FindRemembered(key, value.Length);
        if (found is null)
        {
            return false;
        }

        value.CopyTo(new Span<byte>(found, value.Length));
        return true;
    }

    /// <summary>The value of a record that was changed last and lies where it was put: found without a search, for readers too.</summary>
    public bool TryGetRemembered(TreeKey key, out ReadOnlySpan<byte> value)
    {
        byte* found = FindRemembered(key, out int valueBytes);
        value = found is null ? default : new ReadOnlySpan<byte>(found, valueBytes);
        return found is not null;
    }

    /// <summary>The value of a record that lies in a working node where it was last seen, or null.</summary>
    private byte* FindRemembered(TreeKey key, int valueBytes)
    {
        byte* found = FindRemembered(key, out int foundBytes);
        return foundBytes == valueBytes ? found : null;
    }

    /// <summary>The same whatever its length, which is -1 when it is not found.</summary>
    private byte* FindRemembered(TreeKey key, out int valueBytes)
    {
        NodeSlot* slot = FindRememberedSlot(key, out byte* leaf);
        if (slot is null)
        {
            valueBytes = -1;
            return null;
        }

        valueBytes = slot->ValueBytes;
        return leaf + slot->ValueOffset;
    }

    /// <summary>The slot of a record in the working leaf that it was last seen in, when it is there still, or null.</summary>
    private NodeSlot* FindRememberedSlot(TreeKey key, out byte* leaf)
    {
        ref Place place = ref PlaceOf(key);
        leaf = place.Node;
        NodeHeader* header = (NodeHeader*)leaf;
        if (header is null || header->Magic != NodeHeader.ExpectedMagic || header->Epoch != Epoch || header->Level != 0)
        {
            return null;
        }

        // A record before it may have gone since, as an entry goes together with its inode.
        NodeSlot* slot = (NodeSlot*)(leaf + NodeHeader.SizeBytes) + place.Index;
        return place.Index < header->Count && slot->KeyHigh == key.High && slot->KeyLow == key.Low ? slot
            : (uint)(place.Index - 1) < header->Count && slot[-1].KeyHigh == key.High && slot[-1].KeyLow == key.Low ? slot - 1
            : null;
    }

    private void Remember(TreeKey key, Node leaf, int index)
    {
        ref Place place = ref PlaceOf(key);
        place.Node = leaf.Start;
        place.Index = index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place PlaceOf(TreeKey key)
    {
        ulong mixed = (key.High ^ (key.Low >> 52) ^ (key.Low << 7)) * 0x9E37_79B9_7F4A_7C15UL;
        return ref _places[mixed >> 56];
    }

    private struct Place
    {
        public byte* Node;
        public int Index;
    }
}
