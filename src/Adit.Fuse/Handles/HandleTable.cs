using Adit.Format;
using Adit.Fuse.Succession;
using Adit.Nodes;

namespace Adit.Fuse.Handles;

/// <summary>File handles given to the kernel: slot number below, generation above, so that a stale or invented number
/// finds nothing. Lookups take no lock; slots are reused and never move.</summary>
internal sealed unsafe class HandleTable
{
    private const int ChunkSlots = 1024;
    private const int MaxChunks = 1024;

    private readonly Lock _lock = new();
    private readonly Slot[]?[] _chunks = new Slot[MaxChunks][];
    private readonly SessionMemory? _memory;
    private readonly HandleSlot* _kept;
    private int _slotCount;
    private int _firstFree = -1;
    private int _openCount;

    public int OpenCount => Volatile.Read(ref _openCount);

    /// <param name="memory">Where the handles are kept too, so that they outlive the process; null: nowhere.</param>
    public HandleTable(SessionMemory? memory = null)
    {
        _memory = memory;
        _kept = memory is null ? null : memory.Handles;
    }

    /// <summary>Opens again what the memory says is open.</summary>
    /// <param name="reopen">Gives the file of a handle, or null when that fails: the handle is then a stale one.</param>
    public void Adopt(Func<HandleSlot, IOpenFile?> reopen)
    {
        for (int index = 0; index < _memory!.Head.HandleCount; index++)
        {
            HandleSlot kept = _kept[index];
            _chunks[index / ChunkSlots] ??= new Slot[ChunkSlots];
            _slotCount = index + 1;
            ref Slot slot = ref SlotAt(index);
            IOpenFile? file = (kept.Generation & 1) == 0 ? null : reopen(kept);
            slot.Flags = kept.Flags;
            slot.File = file;
            slot.Generation = kept.Generation;
            if (file is not null)
            {
                _openCount++;
                continue;
            }

            // Stale: the next generation, as if it had been closed.
            slot.Generation += kept.Generation & 1;
            _kept[index].Generation = slot.Generation;
            slot.NextFree = _firstFree;
            _firstFree = index;
        }
    }

    /// <summary>How long ago a handle was last written through.</summary>
    /// <returns>Null: never.</returns>
    public static TimeSpan? SinceWritten(in HandleSlot kept) =>
        kept.WrittenAtMs == 0 ? null : TimeSpan.FromMilliseconds(Math.Max(0, Environment.TickCount64 - kept.WrittenAtMs));

    /// <summary>A handle is written through now.</summary>
    public void MarkWritten(ulong handle)
    {
        if (_kept != null)
        {
            _kept[(int)(uint)handle].WrittenAtMs = Environment.TickCount64;
        }
    }

    /// <summary>The time of an inode's last change has been set and recorded: when its handles were written through before does not count any more. Takes
    /// time with the handles that were ever open at once.</summary>
    public void ForgetWritten(InodeNumber inode)
    {
        for (int index = 0; _kept != null && index < Volatile.Read(ref _slotCount); index++)
        {
            // A write that marks its handle now has not returned: it may as well have come before.
            if (_kept[index].Inode == inode.Value && _kept[index].WrittenAtMs != 0)
            {
                _kept[index].WrittenAtMs = 0;
            }
        }
    }

    public bool TryAdd(OpenHandle opened, out ulong handle)
    {
        ulong given = 0;
        return TryAdd(opened, out handle, ref given);
    }

    /// <param name="opened">The file and how it was opened.</param>
    /// <param name="handle">Its number.</param>
    /// <param name="given">Gets the number before it becomes valid.</param>
    /// <returns>False when a million files are open.</returns>
    public bool TryAdd(OpenHandle opened, out ulong handle, ref ulong given)
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
            handle = ((ulong)(slot.Generation + 1) << 32) | (uint)index;
            Volatile.Write(ref slot.File, opened.File);
            Keep(index, opened, slot.Generation + 1, handle, ref given);
            Volatile.Write(ref slot.Generation, slot.Generation + 1);
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
            if (_kept != null)
            {
                Volatile.Write(ref _kept[index].Generation, slot.Generation);
            }

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

    private void Keep(int index, in OpenHandle opened, uint generation, ulong handle, ref ulong given)
    {
        if (_kept == null)
        {
            return;
        }

        if (index >= _memory!.Head.HandleCount)
        {
            Volatile.Write(ref _memory.Head.HandleCount, index + 1);
        }

        ref HandleSlot kept = ref _kept[index];
        kept.Inode = opened.File.Inode.Value;
        kept.Flags = opened.Flags;
        kept.WrittenAtMs = 0;
        Volatile.Write(ref given, handle);
        Volatile.Write(ref kept.Generation, generation);
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
