using Adit.Interop;
using Adit.Interop.Linux;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    /// <summary>Brings the journal to where the folder is: what was acknowledged is applied, what was under way has happened or has not.</summary>
    private void Resume()
    {
        ref SoakIntent intent = ref _journal.Intent;
        if (_journal.Counters.Incarnations == 0)
        {
            for (int folder = 0; folder < SoakJournal.FolderCount; folder++)
            {
                long made = SystemCall.MakeDirectory(_names.Folder(folder));
                Check(made == -(int)Errno.EEXIST ? 0 : made, "mkdir of a folder");
            }
        }

        _journal.Counters.NamelessCount = 0;
        ResumeLog();
        switch ((SoakIntentState)intent.State)
        {
            case SoakIntentState.Acknowledged:
                Apply();
                break;
            case SoakIntentState.Pending when intent.FirstSlot >= 0:
                ResumeNames(ref intent);
                break;

            // Files without a name went with the one before.
            case SoakIntentState.Pending when _journal.LinkCount(intent.File) != 0:
                ResumeFile(intent, SlotOfFile(intent.File));
                break;
        }

        intent.State = (int)SoakIntentState.None;
        for (int file = 0; file < SoakJournal.FileCount; file++)
        {
            DropUnreachable(file);
        }

        // A new file whose maker died before it could look at it.
        for (int slot = 0; slot < SoakJournal.SlotCount; slot++)
        {
            StatxBuffer found;
            if (SoakSlot.IsFile(_journal.Slots[slot]) && _journal.File(SoakSlot.Value(_journal.Slots[slot])) is { Inode: 0 })
            {
                Check(Stat(_names.Slot(slot), &found), "stat", slot);
                _journal.File(SoakSlot.Value(_journal.Slots[slot])).Inode = found.stx_ino;
            }
        }
    }

    private int SlotOfFile(int file) => _journal.Slots.IndexOf(SoakSlot.OfFile(file));

    /// <summary>Both names are as before, or both are as they were to be (which is the same where two directories change places).</summary>
    private void ResumeNames(ref SoakIntent intent)
    {
        bool isOld = Is(intent.FirstSlot, intent.FirstOld) && Is(intent.SecondSlot, intent.SecondOld);
        bool isNew = Is(intent.FirstSlot, intent.FirstNew) && Is(intent.SecondSlot, intent.SecondNew);
        if (!isOld && !isNew)
        {
            throw new SoakFailureException(
                $"{intent.Operation} of {Say(intent.FirstSlot)} and {Say(intent.SecondSlot)}, cut short by a death, is half done: "
                + $"{intent.FirstOld:x} and {intent.SecondOld:x} were to be {intent.FirstNew:x} and {intent.SecondNew:x}");
        }

        Found(isNew);
        if (isNew)
        {
            Apply();
        }
    }

    private bool Is(int slot, long expected)
    {
        if (slot < 0)
        {
            return true;
        }

        StatxBuffer found;
        long result = Stat(_names.Slot(slot), &found);
        if (result == -(int)Errno.ENOENT)
        {
            return expected == SoakSlot.Nothing;
        }

        Check(result, "stat", slot);
        uint kind = found.stx_mode & StatxBuffer.S_IFMT;
        if (SoakSlot.IsFile(expected))
        {
            // Of a file that was just being made the inode is not known.
            ulong inode = _journal.File(SoakSlot.Value(expected)).Inode;
            return kind == StatxBuffer.S_IFREG && (inode == found.stx_ino || (inode == 0 && found.stx_size == 0));
        }

        return (expected == SoakSlot.Directory && kind == StatxBuffer.S_IFDIR) || (SoakSlot.IsLink(expected) && kind == S_IFLNK && HasTarget(slot, SoakSlot.Value(expected)));
    }

    private void ResumeFile(in SoakIntent intent, int slot)
    {
        ref SoakFile file = ref _journal.File(intent.File);
        StatxBuffer found;
        Check(Stat(_names.Slot(slot), &found), "stat", slot);
        switch (intent.Operation)
        {
            case SoakOperation.ChangeMode:
                Accept((found.stx_mode & 0xFFF) == intent.Value, intent);
                return;
            case SoakOperation.SetTimes:
                Accept(found.stx_mtime_sec == intent.Value && found.stx_mtime_nsec == 0, intent);
                return;
            case SoakOperation.SetAttribute or SoakOperation.RemoveAttribute:
                Accept(HasAttribute(slot, intent.AttributeIndex, (int)intent.Value), intent);
                return;
        }

        ResumeBytes(intent, slot);
    }

    /// <summary>Each byte is the old or the new one; the length is the old, the new, or, of bytes that were appended, one between. What is there goes into the
    /// model; if this process dies meanwhile, the next one comes to the same.</summary>
    private void ResumeBytes(in SoakIntent intent, int slot)
    {
        ref SoakFile file = ref _journal.File(intent.File);
        Span<byte> before = new(_journal.Content(intent.File), SoakJournal.MaxFileBytes);
        byte[] after = before.ToArray();
        fixed (byte* start = after)
        {
            NewBytes(intent, start + intent.Offset);
        }

        long fd = Check(Open(_names.Slot(slot), O_RDONLY), "open to resume", slot);
        long length = Check(SystemCall.Read(fd, _buffer, BufferBytes, 0), "pread to resume", slot);
        Check(Close(fd), "close", slot);
        bool isBetween = intent.Noise >= 0 && length > file.Length && length < intent.NewFileLength;
        if (length != file.Length && length != intent.NewFileLength && !isBetween)
        {
            throw new SoakFailureException(
                $"{intent.Operation}, cut short by a death, left {Say(slot)} with {length} bytes, where {file.Length} were and {intent.NewFileLength} were to be");
        }

        bool isOld = length == file.Length;
        bool isNew = length == intent.NewFileLength;
        for (int at = 0; at < length; at++)
        {
            isOld &= _buffer[at] == before[at];
            isNew &= _buffer[at] == after[at];
            if (_buffer[at] != before[at] && _buffer[at] != after[at])
            {
                throw new SoakFailureException(
                    $"{intent.Operation}, cut short by a death, left byte {at} of {Say(slot)} as {_buffer[at]:x2}, which was {before[at]:x2} and was to be {after[at]:x2}");
            }
        }

        if (isOld || isNew)
        {
            Found(isNew);
        }
        else
        {
            _journal.Counters.FoundPartlyDone++;
        }

        new ReadOnlySpan<byte>(_buffer, (int)length).CopyTo(before);
        before[(int)length..].Clear();
        file.Length = length;
        file.ModifySeconds = -1;
    }

    /// <summary>What <see cref="CompareAll"/> finds next is the old or the new.</summary>
    private void Accept(bool isNew, in SoakIntent intent)
    {
        Found(isNew);
        if (isNew)
        {
            ApplyToFile(intent);
        }
    }

    private bool HasAttribute(int slot, int index, int value)
    {
        int expected = LengthOfAttribute(value);
        long length = SystemCall.GetAttribute(_names.Slot(slot), _names.Attribute(index), _buffer, BufferBytes);
        return value == 0
            ? length == -(int)Errno.ENODATA
            : length == expected && new ReadOnlySpan<byte>(_buffer, expected).SequenceEqual(new ReadOnlySpan<byte>(_noise + value, expected));
    }

    private void Found(bool isDone)
    {
        ref SoakCounters counters = ref _journal.Counters;
        counters.FoundDone += isDone ? 1 : 0;
        counters.FoundNotDone += isDone ? 0 : 1;
    }
}
