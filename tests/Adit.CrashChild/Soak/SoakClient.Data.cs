using Adit.Interop;
using Adit.Interop.Linux;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private const int PageBytes = 4096;
    private const int FALLOC_FL_KEEP_SIZE = 1;
    private const int FALLOC_FL_PUNCH_HOLE = 2;
    private const int FALLOC_FL_ZERO_RANGE = 16;

    /// <summary>Mostly less than a page; sometimes many.</summary>
    private int SmallLength() => Next(16) switch
    {
        0 => 1 + Next(100_000),
        < 4 => 1 + Next(20_000),
        _ => 1 + Next(5000),
    };

    private void ApplyToFile(in SoakIntent intent)
    {
        ref SoakFile file = ref _journal.File(intent.File);
        switch (intent.Operation)
        {
            case SoakOperation.Create or SoakOperation.Unnamed or SoakOperation.NameUnnamed when intent.Noise == -2:
                file.IsUsed = 1;
                return;
            case SoakOperation.SetAttribute or SoakOperation.RemoveAttribute:
                file.Attributes[intent.AttributeIndex] = (int)intent.Value;
                return;
            case SoakOperation.ChangeMode:
                file.Mode = (uint)intent.Value;
                return;
            case SoakOperation.SetTimes:
                file.ModifySeconds = intent.Value;
                return;
        }

        NewBytes(intent, _journal.Content(intent.File) + intent.Offset);
        if (intent.NewFileLength < file.Length)
        {
            new Span<byte>(_journal.Content(intent.File) + intent.NewFileLength, (int)(file.Length - intent.NewFileLength)).Clear();
        }

        file.Length = intent.NewFileLength;
        file.ModifySeconds = -1;
    }

    /// <summary>What the bytes that change are afterwards.</summary>
    private void NewBytes(in SoakIntent intent, byte* target)
    {
        Span<byte> bytes = new(target, (int)intent.Length);
        if (intent.SourceFile >= 0)
        {
            new Span<byte>(_journal.Content(intent.SourceFile) + intent.SourceOffset, bytes.Length).CopyTo(bytes);
        }
        else if (intent.Noise == -1)
        {
            bytes.Clear();
        }
        else if (intent.Noise >= 0)
        {
            new Span<byte>(_noise + intent.Noise, bytes.Length).CopyTo(bytes);
        }
    }

    private void WriteTo(long fd, int file, long offset, long length)
    {
        length = Math.Min(length, SoakJournal.MaxFileBytes - offset);
        if (length <= 0)
        {
            return;
        }

        // On a page where the target is: for O_DIRECT on other file systems this would have to be so.
        ref SoakIntent intent = ref BeginBytes(file, offset, length, Next((int)((NoiseBytes - length) / PageBytes)) * PageBytes);
        Ask();
        Expect(SystemCall.Write(fd, _noise + intent.Noise, length, offset), length, "pwrite", file);
        Acknowledge();
    }

    private ref SoakIntent BeginBytes(int file, long offset, long length, long noise)
    {
        ref SoakIntent intent = ref Begin(file);
        intent.Offset = offset;
        intent.Length = length;
        intent.Noise = noise;
        intent.NewFileLength = Math.Max(_journal.File(file).Length, offset + length);
        return ref intent;
    }

    private void Write(bool direct)
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        int file = SoakSlot.Value(_journal.Slots[slot]);
        long fd = Check(Open(_names.Slot(slot), O_RDWR | (direct ? O_DIRECT : 0)), "open for writing", slot);
        long offset = Next((int)_journal.File(file).Length + PageBytes);
        if (direct)
        {
            WriteTo(fd, file, offset & -PageBytes, (SmallLength() + PageBytes) & -PageBytes);
        }
        else
        {
            WriteTo(fd, file, offset, SmallLength());
        }

        Check(Close(fd), "close", slot);
    }

    private void Append()
    {
        int slot = FindFile();
        int file = slot < 0 ? -1 : SoakSlot.Value(_journal.Slots[slot]);
        long length = SmallLength();
        if (slot < 0 || _journal.File(file).Length + length > SoakJournal.MaxFileBytes)
        {
            return;
        }

        long fd = Check(Open(_names.Slot(slot), O_RDWR | O_APPEND), "open for appending", slot);
        ref SoakIntent intent = ref BeginBytes(file, _journal.File(file).Length, length, Next((int)(NoiseBytes - length)));
        Ask();
        Expect(SystemCall.Append(fd, _noise + intent.Noise, length), length, "append", file);
        Acknowledge();
        Check(Close(fd), "close", slot);
    }

    /// <summary>Stores through a mapping, and waits until they are the file's.</summary>
    private void WriteMapped()
    {
        int slot = FindFile();
        int file = slot < 0 ? -1 : SoakSlot.Value(_journal.Slots[slot]);
        if (slot < 0 || _journal.File(file).Length < 2)
        {
            return;
        }

        long fileLength = _journal.File(file).Length;
        long offset = Next((int)fileLength - 1);
        long length = Math.Min(fileLength - offset, SmallLength());
        long fd = Check(Open(_names.Slot(slot), O_RDWR), "open for mapping", slot);
        long mapped = (fileLength + PageBytes - 1) & -PageBytes;
        long address = Check(Map(fd, mapped, 0), "mmap", slot);
        ref SoakIntent intent = ref BeginBytes(file, offset, length, Next((int)(NoiseBytes - length)));
        Ask();
        new Span<byte>(_noise + intent.Noise, (int)length).CopyTo(new Span<byte>((byte*)address + offset, (int)length));
        Check(SyncMapping(address, mapped), "msync", slot);
        Acknowledge();
        Check(Unmap(address, mapped), "munmap", slot);
        Check(Close(fd), "close", slot);
    }

    private void Truncate()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        int file = SoakSlot.Value(_journal.Slots[slot]);
        long length = OneIn(6) ? 0 : Next((int)Math.Min(SoakJournal.MaxFileBytes, _journal.File(file).Length + 20_000));
        ref SoakIntent intent = ref Begin(file);
        intent.NewFileLength = length;
        Ask();
        Check(TruncateByName(_names.Slot(slot), length), "truncate", slot);
        Acknowledge();
    }

    private void Allocate()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        int file = SoakSlot.Value(_journal.Slots[slot]);
        bool keepSize = OneIn(2);
        long offset = Next(SoakJournal.MaxFileBytes / 2);
        long length = 1 + Next(SoakJournal.MaxFileBytes / 4);
        long fd = Check(Open(_names.Slot(slot), O_RDWR), "open for fallocate", slot);
        ref SoakIntent intent = ref Begin(file);
        intent.NewFileLength = keepSize ? _journal.File(file).Length : Math.Max(_journal.File(file).Length, offset + length);
        Ask();
        Check(SystemCall.Allocate(fd, keepSize ? FALLOC_FL_KEEP_SIZE : 0, offset, length), "fallocate", slot);
        Acknowledge();
        Check(Close(fd), "close", slot);
    }

    private void Erase(bool punch)
    {
        int slot = FindFile();
        int file = slot < 0 ? -1 : SoakSlot.Value(_journal.Slots[slot]);
        if (slot < 0 || _journal.File(file).Length == 0)
        {
            return;
        }

        long fileLength = _journal.File(file).Length;
        long offset = Next((int)fileLength);
        long length = 1 + Next(60_000);
        long fd = Check(Open(_names.Slot(slot), O_RDWR), "open to erase", slot);
        ref SoakIntent intent = ref Begin(file);
        intent.Offset = offset;
        intent.Length = Math.Min(length, fileLength - offset);
        intent.Noise = -1;
        intent.NewFileLength = fileLength;
        Ask();
        int mode = FALLOC_FL_KEEP_SIZE | (punch ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
        Check(SystemCall.Allocate(fd, mode, offset, length), punch ? "punch" : "zero", slot);
        Acknowledge();
        Check(Close(fd), "close", slot);
    }

    private void CopyRange()
    {
        int from = FindFile();
        int to = FindFile();
        int source = from < 0 ? -1 : SoakSlot.Value(_journal.Slots[from]);
        int target = to < 0 ? -1 : SoakSlot.Value(_journal.Slots[to]);
        if (from < 0 || source == target || _journal.File(source).Length == 0)
        {
            return;
        }

        long sourceOffset = Next((int)_journal.File(source).Length);
        long offset = Next((int)Math.Min(SoakJournal.MaxFileBytes - 1, _journal.File(target).Length + PageBytes));
        long length = Math.Min(SmallLength(), Math.Min(_journal.File(source).Length - sourceOffset, SoakJournal.MaxFileBytes - offset));
        long fromFd = Check(Open(_names.Slot(from), O_RDONLY), "open to copy from", from);
        long toFd = Check(Open(_names.Slot(to), O_RDWR), "open to copy to", to);
        ref SoakIntent intent = ref BeginBytes(target, offset, length, -2);
        intent.SourceFile = source;
        intent.SourceOffset = sourceOffset;
        Ask();
        long readAt = sourceOffset;
        long writeAt = offset;
        Expect(SystemCall.CopyRange(fromFd, &readAt, toFd, &writeAt, length), length, "copy_file_range", target);
        Acknowledge();
        Check(Close(fromFd), "close", from);
        Check(Close(toFd), "close", to);
    }

    private void Sync()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        long fd = Check(Open(_names.Slot(slot), O_RDWR), "open to sync", slot);
        Check(SystemCall.Sync(fd, dataOnly: OneIn(2)), "fsync", slot);
        Check(Close(fd), "close", slot);
    }

    private void Read(bool direct)
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        int file = SoakSlot.Value(_journal.Slots[slot]);
        long fd = Check(Open(_names.Slot(slot), O_RDONLY | (direct ? O_DIRECT : 0)), "open to read", slot);
        long offset = Next((int)_journal.File(file).Length + 1);
        CompareRange(fd, file, direct ? offset & -PageBytes : offset, direct ? 16 << 10 : SmallLength());
        Check(Close(fd), "close", slot);
    }

    private void ReadMapped()
    {
        int slot = FindFile();
        int file = slot < 0 ? -1 : SoakSlot.Value(_journal.Slots[slot]);
        if (slot < 0 || _journal.File(file).Length == 0)
        {
            return;
        }

        long length = _journal.File(file).Length;
        long fd = Check(Open(_names.Slot(slot), O_RDWR), "open to map", slot);
        long address = Check(Map(fd, length, 0), "mmap", slot);
        CompareBytes((byte*)address, file, 0, length, "of a mapping");
        Check(Unmap(address, length), "munmap", slot);
        Check(Close(fd), "close", slot);
    }

    private void Expect(long result, long count, string call, int file)
    {
        if (result != count)
        {
            throw new SoakFailureException($"{call} of {count} bytes, file {file}, gave {(result < 0 ? ((Errno)(-result)).Message() : $"{result}")}");
        }
    }
}
