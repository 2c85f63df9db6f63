using System.Runtime.InteropServices;
using Adit.Format;
using Adit.Fuse.Session;
using Adit.Fuse.Wire;
using Adit.Metadata.Logging;

namespace Adit.Fuse.Succession;

/// <summary>The volume's side of a succession of servers over one <see cref="SessionMemory"/>: says what the kernel holds when the volume is opened, and
/// notes for each request which commit it is done by.</summary>
/// <remarks>One for each opening of the volume. Thread-safe where <see cref="ISuccession"/> asks for it.</remarks>
public sealed unsafe class ServerSuccession(SessionMemory memory) : ISuccession
{
    /// <summary>The channel whose request the thread serves.</summary>
    [ThreadStatic]
    private static ChannelArea* t_area;

    /// <summary>The memory that it lies in.</summary>
    [ThreadStatic]
    private static SessionMemory? t_memory;

    public StagingArea Staging => memory.Staging;

    /// <summary>How many nodes to forget, and requests to be completed, the server before left.</summary>
    public int LeftCount { get; private set; }

    /// <summary>The calling thread serves the requests of a channel from now on.</summary>
    internal static void Serve(SessionMemory memory, ChannelArea* area)
    {
        t_memory = memory;
        t_area = area;
    }

    /// <inheritdoc/>
    public void Committing(ulong sequence, ulong nextInode)
    {
        ChannelArea* area = t_area;
        if (ReferenceEquals(t_memory, memory) && area->IsArmed != 0)
        {
            area->IsArmed = 0;
            area->NextInode = nextInode;
            Volatile.Write(ref area->Sequence, sequence);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<RetainedInode> TakeRetained(ulong firstSequence)
    {
        for (int index = 0; index < SessionMemory.ChannelCount; index++)
        {
            HeldInodes.Undo(memory.Held, memory.Channel(index));
        }

        Dictionary<ulong, long> places = FindHeld();
        Dictionary<ulong, ulong> made = [];
        for (int index = 0; index < SessionMemory.ChannelCount; index++)
        {
            ChannelArea* area = memory.Channel(index);
            Forget(area, places);
            if (area->State != RequestState.InWork)
            {
                continue;
            }

            TakeBackGiven(area, places);
            TakeBackHandle(area);
            if (area->Sequence == 0 || area->Sequence >= firstSequence)
            {
                area->State = RequestState.Idle;
                continue;
            }

            LeftCount++;
            if (MadeBy(area) is { } inode)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(made, inode.Value, out _)++;
            }
        }

        foreach ((ulong inode, long place) in places)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(made, inode, out _) += memory.Held[place].Count;
        }

        return [.. made.Where(held => held.Value != 0).Select(held => new RetainedInode(new InodeNumber(held.Key), held.Value))];
    }

    /// <summary>The inode that a request's reply will give, and which its node operation had retained for that; null where it gives none.</summary>
    internal static InodeNumber? MadeBy(ChannelArea* area) => area->Opcode switch
    {
        Opcode.Create or Opcode.TmpFile or Opcode.MkNod or Opcode.MkDir or Opcode.SymLink => new InodeNumber(area->NextInode - 1),
        Opcode.Link => new InodeNumber(((LinkIn*)(ReaderChannel.RequestOf(area) + sizeof(InHeader)))->OldNodeId),
        _ => null,
    };

    private Dictionary<ulong, long> FindHeld()
    {
        Dictionary<ulong, long> places = [];
        for (long place = 0; place < memory.Head.HeldCount; place++)
        {
            if (memory.Held[place].Count != 0)
            {
                places[memory.Held[place].Inode] = place;
            }
        }

        return places;
    }

    /// <summary>The kernel sends a request to forget once only: what the server before had read and not done is done now.</summary>
    private void Forget(ChannelArea* area, Dictionary<ulong, long> places)
    {
        InHeader* header = (InHeader*)ReaderChannel.RequestOf(area);
        bool isInWork = area->State == RequestState.InWork;
        if (header->Length == 0 || header->Opcode is not (Opcode.Forget or Opcode.BatchForget) || (!isInWork && area->Unique == header->Unique))
        {
            return;
        }

        if (!isInWork)
        {
            area->Opcode = header->Opcode;
            area->ForgottenCount = 0;
            area->GivenCount = 0;
            area->State = RequestState.InWork;
            Volatile.Write(ref area->Unique, header->Unique);
        }

        byte* arguments = (byte*)header + sizeof(InHeader);
        int count = header->Opcode == Opcode.Forget ? 1 : (int)((BatchForgetIn*)arguments)->Count;
        count = Math.Min(count, (ReaderChannel.RequestCapacityOf - sizeof(InHeader) - sizeof(BatchForgetIn)) / sizeof(ForgetOne));
        while (area->ForgottenCount < count)
        {
            ForgetOne one = header->Opcode == Opcode.Forget
                ? new ForgetOne { NodeId = header->NodeId, Count = ((ForgetIn*)arguments)->Count }
                : ((ForgetOne*)(arguments + sizeof(BatchForgetIn)))[area->ForgottenCount];
            if (!TryTakeBack(area, one.NodeId, one.Count, places))
            {
                Volatile.Write(ref area->ForgottenCount, area->ForgottenCount + 1);
            }

            LeftCount++;
        }

        area->State = RequestState.Idle;
    }

    private void TakeBackGiven(ChannelArea* area, Dictionary<ulong, long> places)
    {
        while (area->GivenCount > 0)
        {
            if (!TryTakeBack(area, ChannelArea.Given(area)[area->GivenCount - 1], 1, places))
            {
                Volatile.Write(ref area->GivenCount, area->GivenCount - 1);
            }
        }
    }

    /// <summary>Takes a count down, and has the request progress by that.</summary>
    /// <returns>False when the inode is not held.</returns>
    private bool TryTakeBack(ChannelArea* area, ulong inode, ulong count, Dictionary<ulong, long> places)
    {
        if (!places.TryGetValue(inode, out long place) || memory.Held[place].Count is 0)
        {
            return false;
        }

        ulong held = memory.Held[place].Count;
        HeldInodes.Change(memory.Held, place, held - Math.Min(held, count), area);
        return true;
    }

    private void TakeBackHandle(ChannelArea* area)
    {
        HandleSlot* slot = &memory.Handles[(uint)area->Handle % SessionMemory.MaxHandles];
        if (area->Handle != 0 && slot->Generation == (uint)(area->Handle >> 32))
        {
            Volatile.Write(ref slot->Generation, slot->Generation + 1);
        }

        area->Handle = 0;
    }
}
