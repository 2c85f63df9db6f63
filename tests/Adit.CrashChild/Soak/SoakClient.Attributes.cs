using Adit.Interop;
using Adit.Interop.Linux;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int LOCK_UN = 8;

    private void StatSlot()
    {
        int slot = Next(SoakJournal.SlotCount);
        CompareSlot(slot);
    }

    private void StatMissing()
    {
        StatxBuffer found;
        Expect(Stat(_names.Missing(Next(SoakNames.MissingCount)), &found), Errno.ENOENT, "stat of a name that is not there");
    }

    private void OpenAndClose()
    {
        int slot = FindFile();
        if (slot >= 0)
        {
            Check(Close(Check(Open(_names.Slot(slot), OneIn(2) ? O_RDONLY : O_RDWR), "open", slot)), "close", slot);
        }
    }

    private void ChangeMode()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        ref SoakIntent intent = ref Begin(SoakSlot.Value(_journal.Slots[slot]));
        intent.Value = 0x180 | Next(64);
        Ask();
        Check(SystemCall.ChangeMode(_names.Slot(slot), (uint)intent.Value), "chmod", slot);
        Acknowledge();
    }

    private void SetTimes()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        ref SoakIntent intent = ref Begin(SoakSlot.Value(_journal.Slots[slot]));
        intent.Value = 1_000_000_000 + Next(1 << 30);
        Ask();
        Check(SetModifyTime(_names.Slot(slot), intent.Value), "utimens", slot);
        Acknowledge();
    }

    private void SetAttribute()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        ref SoakIntent intent = ref Begin(SoakSlot.Value(_journal.Slots[slot]));
        intent.AttributeIndex = Next(SoakFile.AttributeCount);
        intent.Value = 1 + Next(NoiseBytes / 2);
        Ask();
        int value = (int)intent.Value;
        Check(SystemCall.SetAttribute(_names.Slot(slot), _names.Attribute(intent.AttributeIndex), _noise + value, LengthOfAttribute(value), 0), "setxattr", slot);
        Acknowledge();
    }

    private void RemoveAttribute()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        int file = SoakSlot.Value(_journal.Slots[slot]);
        int index = Next(SoakFile.AttributeCount);
        if (_journal.File(file).Attributes[index] == 0)
        {
            Expect(SystemCall.RemoveAttribute(_names.Slot(slot), _names.Attribute(index)), Errno.ENODATA, "removexattr of what is not there");
            return;
        }

        ref SoakIntent intent = ref Begin(file);
        intent.AttributeIndex = index;
        Ask();
        Check(SystemCall.RemoveAttribute(_names.Slot(slot), _names.Attribute(index)), "removexattr", slot);
        Acknowledge();
    }

    private void GetAttribute()
    {
        int slot = FindFile();
        if (slot >= 0)
        {
            CompareAttribute(slot, Next(SoakFile.AttributeCount));
        }
    }

    /// <summary>Mostly short; some do not fit into a node of a tree beside others.</summary>
    private static int LengthOfAttribute(int value) => value % 17 == 0 ? 1 + (value % 3000) : 1 + (value % 100);

    /// <summary>Locks of two descriptors of the same file exclude each other.</summary>
    private void Lock()
    {
        int slot = FindFile();
        if (slot < 0)
        {
            return;
        }

        long first = Check(Open(_names.Slot(slot), O_RDWR), "open to lock", slot);
        long second = Check(Open(_names.Slot(slot), O_RDWR), "open to lock", slot);
        if (OneIn(2))
        {
            Check(SystemCall.Lock(first, LOCK_EX | LOCK_NB), "flock", slot);
            Expect(SystemCall.Lock(second, LOCK_EX | LOCK_NB), Errno.EAGAIN, "flock of what another has locked");
            Check(SystemCall.Lock(first, LOCK_UN), "flock to unlock", slot);
            Check(SystemCall.Lock(second, LOCK_EX | LOCK_NB), "flock of what another has unlocked", slot);
        }
        else
        {
            Check(LockRange(first, 1), "fcntl to lock", slot);
            Expect(LockRange(second, 1), Errno.EAGAIN, "fcntl to lock what another has locked");
            Check(LockRange(first, 2), "fcntl to unlock", slot);
            Check(LockRange(second, 1), "fcntl to lock what another has unlocked", slot);
        }

        Check(Close(first), "close", slot);
        Check(Close(second), "close", slot);
    }

    private void StatFs() => Check(SystemCall.StatFs(_names.Here, _buffer), "statfs");
}
