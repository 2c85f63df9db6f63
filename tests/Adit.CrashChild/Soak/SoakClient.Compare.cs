using System.Runtime.InteropServices;
using Adit.Interop;
using Adit.Interop.Linux;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private const uint S_IFLNK = 0xA000;

    /// <summary>Everything in the folder is as the journal says, and nothing else is there.</summary>
    private void CompareAll()
    {
        for (int folder = 0; folder < SoakJournal.FolderCount; folder++)
        {
            CompareFolder(folder);
        }

        for (int slot = 0; slot < SoakJournal.SlotCount; slot++)
        {
            CompareSlot(slot);
            if (SoakSlot.IsFile(_journal.Slots[slot]))
            {
                CompareContent(slot);
            }
        }

        for (int index = 0; index < _heldCount; index++)
        {
            CompareHeld(_held[index]);
        }
    }

    private void List() => CompareFolder(Next(SoakJournal.FolderCount));

    private void ReadLink()
    {
        int slot = FindLink();
        if (slot >= 0)
        {
            CompareLink(slot);
        }
    }

    private void CompareContent(int slot)
    {
        int file = SoakSlot.Value(_journal.Slots[slot]);
        long fd = Check(Open(_names.Slot(slot), O_RDONLY), "open to compare", slot);
        CompareRange(fd, file, 0, SoakJournal.MaxFileBytes);
        Check(Close(fd), "close", slot);
        for (int index = 0; index < SoakFile.AttributeCount; index++)
        {
            CompareAttribute(slot, index);
        }
    }

    /// <summary>Attributes of what a name stands for, or that it stands for nothing.</summary>
    private void CompareSlot(int slot)
    {
        StatxBuffer found;
        long result = Stat(_names.Slot(slot), &found);
        long expected = _journal.Slots[slot];
        if (expected == SoakSlot.Nothing)
        {
            if (result != -(int)Errno.ENOENT)
            {
                throw new SoakFailureException($"{Say(slot)} should not be there, but is: {(result < 0 ? ((Errno)(-result)).Message() : $"inode {found.stx_ino}, mode {found.stx_mode:x}")}");
            }

            return;
        }

        Check(result, "stat", slot);
        if (SoakSlot.IsFile(expected))
        {
            CompareAttributes(SoakSlot.Value(expected), found, Say(slot));
            return;
        }

        uint kind = expected == SoakSlot.Directory ? StatxBuffer.S_IFDIR : S_IFLNK;
        if ((found.stx_mode & StatxBuffer.S_IFMT) != kind)
        {
            throw new SoakFailureException($"{Say(slot)} has mode {found.stx_mode:x}");
        }

        if (kind == S_IFLNK)
        {
            CompareLink(slot);
        }
    }

    private void CompareAttributes(int file, in StatxBuffer found, string name)
    {
        ref SoakFile expected = ref _journal.File(file);
        int links = _journal.LinkCount(file);
        if (found.stx_mode != (StatxBuffer.S_IFREG | expected.Mode) || (long)found.stx_size != expected.Length || found.stx_nlink != links || found.stx_ino != expected.Inode)
        {
            throw new SoakFailureException(
                $"{name}: mode {found.stx_mode:x}, {found.stx_size} bytes, {found.stx_nlink} links, inode {found.stx_ino}, "
                + $"not {StatxBuffer.S_IFREG | expected.Mode:x}, {expected.Length} bytes, {links} links, inode {expected.Inode}");
        }

        if (expected.ModifySeconds >= 0 && (found.stx_mtime_sec != expected.ModifySeconds || found.stx_mtime_nsec != 0))
        {
            throw new SoakFailureException($"{name}: last changed at {found.stx_mtime_sec}.{found.stx_mtime_nsec:000000000}, not at {expected.ModifySeconds} as it was set");
        }
    }

    private void CompareLink(int slot)
    {
        if (!HasTarget(slot, SoakSlot.Value(_journal.Slots[slot])))
        {
            throw new SoakFailureException($"{Say(slot)} has another target");
        }
    }

    private bool HasTarget(int slot, int target)
    {
        long length = Check(SystemCall.ReadLink(_names.Slot(slot), _buffer, BufferBytes), "readlink", slot);
        return MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_names.Target(target)).SequenceEqual(new ReadOnlySpan<byte>(_buffer, (int)length));
    }

    private void CompareAttribute(int slot, int index)
    {
        int value = _journal.File(SoakSlot.Value(_journal.Slots[slot])).Attributes[index];
        long length = SystemCall.GetAttribute(_names.Slot(slot), _names.Attribute(index), _buffer, BufferBytes);
        if (value == 0)
        {
            Expect(length, Errno.ENODATA, "getxattr of what is not there");
            return;
        }

        Check(length, "getxattr", slot);
        int expected = LengthOfAttribute(value);
        if (length != expected || !new ReadOnlySpan<byte>(_buffer, expected).SequenceEqual(new ReadOnlySpan<byte>(_noise + value, expected)))
        {
            throw new SoakFailureException($"attribute {index} of {Say(slot)} has {length} bytes, and not the {expected} of value {value}");
        }
    }

    /// <summary>A read gives the bytes that the file has there, up to its end.</summary>
    private void CompareRange(long fd, int file, long offset, long length)
    {
        long fileLength = _journal.File(file).Length;
        Expect(SystemCall.Read(fd, _buffer, length, offset), Math.Clamp(fileLength - offset, 0, length), "pread", file);
        CompareBytes(_buffer, file, offset, Math.Clamp(fileLength - offset, 0, length), "read");
    }

    private void CompareBytes(byte* found, int file, long offset, long length, string how)
    {
        ReadOnlySpan<byte> actual = new(found, (int)length);
        ReadOnlySpan<byte> expected = new(_journal.Content(file) + offset, (int)length);
        if (!actual.SequenceEqual(expected))
        {
            int at = actual.CommonPrefixLength(expected);
            throw new SoakFailureException(
                $"file {file}, inode {_journal.File(file).Inode}, {_journal.File(file).Length} bytes: byte {offset + at} {how} (from {offset}, {length} bytes) is {actual[at]:x2}, not {expected[at]:x2}");
        }
    }

    private void CompareFolder(int folder)
    {
        long fd = Check(Open(_names.Folder(folder), O_RDONLY | O_DIRECTORY), "open of a folder");
        ulong seen = 0;
        while (Check(SystemCall.List(fd, _buffer, 32 << 10), "getdents") is var count and > 0)
        {
            for (byte* entry = _buffer; entry < _buffer + count; entry += *(ushort*)(entry + 16))
            {
                seen |= Seen(folder, entry);
            }
        }

        Check(Close(fd), "close of a folder");
        for (int slot = folder; slot < SoakJournal.SlotCount; slot += SoakJournal.FolderCount)
        {
            if ((seen >> slot & 1) != (_journal.Slots[slot] == SoakSlot.Nothing ? 0UL : 1))
            {
                throw new SoakFailureException($"the listing of d{folder} {(seen >> slot & 1) switch { 0 => "lacks", _ => "has" }} {Say(slot)}");
            }
        }
    }

    /// <param name="folder">What is listed.</param>
    /// <param name="entry">A struct linux_dirent64.</param>
    private ulong Seen(int folder, byte* entry)
    {
        ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + 19);
        if (name is [(byte)'.'] or [(byte)'.', (byte)'.'])
        {
            return 0;
        }

        int slot = SoakNames.SlotOf(folder, name);
        long expected = slot < 0 ? SoakSlot.Nothing : _journal.Slots[slot];
        if (SoakSlot.IsFile(expected) && *(ulong*)entry != _journal.File(SoakSlot.Value(expected)).Inode)
        {
            throw new SoakFailureException($"the listing gives {Say(slot)} the inode {*(ulong*)entry}, not {_journal.File(SoakSlot.Value(expected)).Inode}");
        }

        return slot >= 0 ? 1UL << slot : throw new SoakFailureException($"the listing of d{folder} has '{System.Text.Encoding.UTF8.GetString(name)}'");
    }
}
