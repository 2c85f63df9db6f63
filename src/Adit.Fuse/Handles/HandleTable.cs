using Adit.Nodes;

namespace Adit.Fuse.Handles;

/// <summary>File handles given to the kernel: slot number below, generation above, so that a stale or invented number
/// finds nothing. Lookups take no lock; slots are reused and never move.</summary>
internal sealed class HandleTable
{
    private const int ChunkSlots = 1024;
    private const int MaxChunks = 1024;

    private readonly Lock _lock = new();
    private readonly Slot[]?[] _chunks = new Slot[MaxChunks][];
    private int _slotCount;
    private int _firstFree = -1;
    private int _openCount;

    public int OpenCount => Volatile.Read(ref _openCount);

    /// <returns>False when a million files are open.</returns>
    public bool TryAdd(OpenHandle opened, out ulong handle)
    {
        lock (_lock)
        {
            int index = _firstFree;
            if (index >= 0)
            {
                _firstFree = SlotAt(index).NextFree;
            }
            else if (_slotCount < ChunkSlots * MaxChunks)
            {
                index = _slotCount++;
                _chunks[index / ChunkSlots] ??= new Slot[ChunkSlots];
            }
            else
            {
                handle = 0;
                return false;
            }

            ref Slot slot = ref SlotAt(index);
            slot.Flags = opened.Flags;
            slot.WithoutSetIdsSince = 0;
            slot.WithoutCapabilitiesSince = 0;
            slot.CachedSince = 0;

            // The file is published before the generation that makes the slot valid.
            Volatile.Write(ref slot.File, opened.File);
            Volatile.Write(ref slot.Generation, slot.Generation + 1);
            handle = ((ulong)slot.Generation << 32) | (uint)index;
            _openCount++;
            return true;
        }
    }

    public bool TryGet(ulong handle, out OpenHandle opened)
    {
        uint index = (uint)handle;
        uint generation = (uint)(handle >> 32);
        if (index < ChunkSlots * MaxChunks && Volatile.Read(ref _chunks[index / ChunkSlots]) is { } chunk)
        {
            ref Slot slot = ref chunk[index % ChunkSlots];
            if (Volatile.Read(ref slot.Generation) == generation)
            {
                IOpenFile? file = Volatile.Read(ref slot.File);
                uint flags = slot.Flags;

                // A slot released and reused in between has another generation by now.
                if (file is not null && Volatile.Read(ref slot.Generation) == generation)
                {
                    opened = new OpenHandle(file, flags);
                    return true;
                }
            }
        }

        opened = default;
        return false;
    }

    /// <summary>Whether the privileges of a file are known to be gone since the last time any were given.</summary>
    /// <param name="handle">An open handle.</param>
    /// <param name="epoch">Grows whenever privileges are given to any file.</param>
    /// <param name="setIds">Setuid and setgid, else file capabilities.</param>
    public bool IsUnprivileged(ulong handle, int epoch, bool setIds)
    {
        ref Slot slot = ref SlotAt((int)(uint)handle);
        return Volatile.Read(ref setIds ? ref slot.WithoutSetIdsSince : ref slot.WithoutCapabilitiesSince) == epoch;
    }

    public void MarkUnprivileged(ulong handle, int epoch, bool setIds)
    {
        ref Slot slot = ref SlotAt((int)(uint)handle);
        Volatile.Write(ref setIds ? ref slot.WithoutSetIdsSince : ref slot.WithoutCapabilitiesSince, epoch);
    }

    /// <summary>Whether the kernel is known to cache the file's data since the last time it was told of any change.</summary>
    /// <param name="handle">An open handle.</param>
    /// <param name="epoch">Grows whenever it is told.</param>
    public bool IsMarkedCached(ulong handle, int epoch) => Volatile.Read(ref SlotAt((int)(uint)handle).CachedSince) == epoch;

    public void MarkCached(ulong handle, int epoch) => Volatile.Write(ref SlotAt((int)(uint)handle).CachedSince, epoch);

    public bool TryRemove(ulong handle, out OpenHandle opened)
    {
        lock (_lock)
        {
            if (!TryGet(handle, out opened))
            {
                return false;
            }

            int index = (int)(uint)handle;
            ref Slot slot = ref SlotAt(index);
            Volatile.Write(ref slot.Generation, slot.Generation + 1);
            Volatile.Write(ref slot.File, null);
            slot.NextFree = _firstFree;
            _firstFree = index;
            _openCount--;
            return true;
        }
    }

    /// <summary>Closes everything still open. Only when no request is served any more.</summary>
    public void CloseAll(Action<Exception> report)
    {
        for (int index = 0; index < _slotCount; index++)
        {
            ref Slot slot = ref SlotAt(index);
            ulong handle = ((ulong)slot.Generation << 32) | (uint)index;
            if (slot.File is not null && TryRemove(handle, out OpenHandle opened))
            {
                try
                {
                    opened.File.Dispose();
                }
                catch (Exception exception)
                {
                    report(exception);
                }
            }
        }
    }

    private ref Slot SlotAt(int index) => ref _chunks[index / ChunkSlots]![index % ChunkSlots];

    private struct Slot
    {
        /// <summary>Odd while open.</summary>
        public uint Generation;
        public uint Flags;
        public int NextFree;
        public int WithoutSetIdsSince;
        public int WithoutCapabilitiesSince;
        public int CachedSince;
        public IOpenFile? File;
    }
}
