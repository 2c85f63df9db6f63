using Adit.Interop;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private const int RENAME_NOREPLACE = 1;
    private const int RENAME_EXCHANGE = 2;

    private void Create()
    {
        int slot = FindNothing();
        int file = FindUnusedFile();
        if (slot < 0 || file < 0)
        {
            Unlink();
            return;
        }

        Begin(file, slot, SoakSlot.OfFile(file));
        Ask();
        long fd = Check(Open(_names.Slot(slot), O_CREAT | O_EXCL | O_RDWR, 0x1A4), "create", slot);
        Acknowledge();
        RememberInode(file, fd);
        if (OneIn(2))
        {
            WriteTo(fd, file, 0, SmallLength());
        }

        Check(Close(fd), "close", slot);
    }

    private void Unlink()
    {
        int slot = FindSlot(static slot => SoakSlot.IsFile(slot) || SoakSlot.IsLink(slot));
        if (slot < 0)
        {
            return;
        }

        Begin(slot: slot);
        Ask();
        Check(SystemCall.Unlink(_names.Slot(slot)), "unlink", slot);
        Acknowledge();
        CountNameless();
    }

    private void Rename()
    {
        int from = FindSlot(static slot => slot != SoakSlot.Nothing);
        int to = Next(SoakJournal.SlotCount);
        if (from < 0)
        {
            return;
        }

        long moved = _journal.Slots[from];
        long replaced = _journal.Slots[to];
        if (replaced != SoakSlot.Nothing && OneIn(4))
        {
            Expect(SystemCall.Rename(_names.Slot(from), _names.Slot(to), RENAME_NOREPLACE), Errno.EEXIST, "rename without replacing");
            return;
        }

        if (from == to || (moved == replaced && SoakSlot.IsFile(moved)))
        {
            Check(SystemCall.Rename(_names.Slot(from), _names.Slot(to), 0), "rename to another name of the same file", from);
            return;
        }

        if (moved == SoakSlot.Directory && replaced is not (SoakSlot.Nothing or SoakSlot.Directory))
        {
            Expect(SystemCall.Rename(_names.Slot(from), _names.Slot(to), 0), Errno.ENOTDIR, "rename of a directory over a file");
            return;
        }

        if (moved != SoakSlot.Directory && replaced == SoakSlot.Directory)
        {
            Expect(SystemCall.Rename(_names.Slot(from), _names.Slot(to), 0), Errno.EISDIR, "rename of a file over a directory");
            return;
        }

        Begin(-1, from, SoakSlot.Nothing, to, moved);
        Ask();
        Check(SystemCall.Rename(_names.Slot(from), _names.Slot(to), replaced == SoakSlot.Nothing && OneIn(2) ? RENAME_NOREPLACE : 0), "rename", from);
        Acknowledge();
        CountNameless();
    }

    private void Exchange()
    {
        int first = FindSlot(static slot => slot != SoakSlot.Nothing);
        int second = FindSlot(static slot => slot != SoakSlot.Nothing);
        if (first < 0 || first == second)
        {
            return;
        }

        Begin(-1, first, _journal.Slots[second], second, _journal.Slots[first]);
        Ask();
        Check(SystemCall.Rename(_names.Slot(first), _names.Slot(second), RENAME_EXCHANGE), "exchange", first);
        Acknowledge();
    }

    private void Link()
    {
        int from = FindFile();
        int to = FindNothing();
        if (from < 0 || to < 0)
        {
            return;
        }

        Begin(slot: to, newValue: _journal.Slots[from]);
        Ask();
        Check(SystemCall.Link(_names.Slot(from), _names.Slot(to)), "link", from);
        Acknowledge();
    }

    private void Symlink()
    {
        int slot = FindNothing();
        if (slot < 0)
        {
            return;
        }

        int target = Next(SoakNames.TargetCount);
        Begin(slot: slot, newValue: SoakSlot.OfLink(target));
        Ask();
        Check(SystemCall.Symlink(_names.Target(target), _names.Slot(slot)), "symlink", slot);
        Acknowledge();
    }

    private void MakeDirectory()
    {
        int slot = FindNothing();
        if (slot < 0)
        {
            return;
        }

        Begin(slot: slot, newValue: SoakSlot.Directory);
        Ask();
        Check(SystemCall.MakeDirectory(_names.Slot(slot)), "mkdir", slot);
        Acknowledge();
    }

    private void RemoveDirectory()
    {
        int slot = FindDirectory();
        if (slot < 0)
        {
            return;
        }

        Begin(slot: slot);
        Ask();
        Check(SystemCall.RemoveDirectory(_names.Slot(slot)), "rmdir", slot);
        Acknowledge();
    }
}
