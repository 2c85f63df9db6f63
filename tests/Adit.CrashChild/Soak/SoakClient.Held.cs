using Adit.Interop.Linux;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private const int MaxHeld = 10;

    private readonly HeldFile[] _held = new HeldFile[MaxHeld];
    private int _heldCount;

    private bool IsHeld(int file)
    {
        for (int index = 0; index < _heldCount; index++)
        {
            if (_held[index].File == file)
            {
                return true;
            }
        }

        return false;
    }

    private void Hold()
    {
        int slot = FindFile();
        if (slot >= 0 && _heldCount < MaxHeld)
        {
            long fd = Check(Open(_names.Slot(slot), O_RDWR), "open to hold", slot);
            _held[_heldCount++] = new HeldFile(fd, SoakSlot.Value(_journal.Slots[slot]), IsLinkable: false);
        }
    }

    private void LetGo()
    {
        if (_heldCount > 0)
        {
            LetGoOf(Next(_heldCount));
        }
    }

    private void LetGoOf(int index)
    {
        HeldFile held = _held[index];
        if (_journal.LinkCount(held.File) == 0)
        {
            CompareHeld(held);
        }

        Check(Close(held.Descriptor), "close of a held file");
        _held[index] = _held[--_heldCount];
        DropUnreachable(held.File);
        CountNameless();
    }

    private void MakeUnnamed()
    {
        int file = FindUnusedFile();
        if (file < 0 || _heldCount == MaxHeld)
        {
            return;
        }

        long fd = Check(Open(_names.Folder(Next(SoakJournal.FolderCount)), O_TMPFILE | O_RDWR, 0x1A4), "open with O_TMPFILE");

        // Of a file without a name nothing is left when the client is killed: nothing to be noted before the call.
        _journal.File(file).IsUsed = 1;
        RememberInode(file, fd);
        _held[_heldCount++] = new HeldFile(fd, file, IsLinkable: true);
        CountNameless();
        WriteTo(fd, file, 0, SmallLength());
    }

    private void NameUnnamed()
    {
        int slot = FindNothing();
        for (int index = 0; index < _heldCount && slot >= 0; index++)
        {
            if (_held[index].IsLinkable)
            {
                HeldFile held = _held[index];
                Begin(held.File, slot, SoakSlot.OfFile(held.File));
                Ask();
                Check(LinkUnnamed(held.Descriptor, _names.Empty, _names.Slot(slot)), "link of an unnamed file", slot);
                Acknowledge();
                _held[index] = held with { IsLinkable = false };
                CountNameless();
                return;
            }
        }
    }

    private void ReadHeld()
    {
        if (_heldCount > 0)
        {
            HeldFile held = _held[Next(_heldCount)];
            if (OneIn(8))
            {
                CompareHeld(held);
            }
            else
            {
                CompareRange(held.Descriptor, held.File, Next((int)_journal.File(held.File).Length + 1), SmallLength());
            }
        }
    }

    private void WriteHeld()
    {
        if (_heldCount == 0)
        {
            return;
        }

        HeldFile held = _held[Next(_heldCount)];
        ref SoakFile file = ref _journal.File(held.File);
        if (OneIn(8))
        {
            ref SoakIntent intent = ref Begin(held.File);
            intent.NewFileLength = Next((int)file.Length + 1);
            Ask();
            Check(SystemCall.Truncate(held.Descriptor, intent.NewFileLength), "ftruncate of a held file");
            Acknowledge();
        }
        else
        {
            WriteTo(held.Descriptor, held.File, Next((int)file.Length + PageBytes), SmallLength());
        }
    }

    private void CompareHeld(HeldFile held)
    {
        StatxBuffer found;
        Check(Stat(held.Descriptor, _names.Empty, &found), "fstat of a held file");
        CompareAttributes(held.File, found, "a held file");
        CompareRange(held.Descriptor, held.File, 0, SoakJournal.MaxFileBytes);
    }

    private void RememberInode(int file, long fd)
    {
        StatxBuffer found;
        Check(Stat(fd, _names.Empty, &found), "fstat of a new file");
        _journal.File(file).Inode = found.stx_ino;
    }

    private void CountNameless()
    {
        int count = 0;
        for (int index = 0; index < _heldCount; index++)
        {
            count += _journal.LinkCount(_held[index].File) == 0 ? 1 : 0;
        }

        Volatile.Write(ref _journal.Counters.NamelessCount, count);
    }

    /// <param name="IsLinkable">It never had a name.</param>
    private readonly record struct HeldFile(long Descriptor, int File, bool IsLinkable);
}
