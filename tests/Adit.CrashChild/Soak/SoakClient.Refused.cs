using Adit.Interop;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private const int XATTR_CREATE = 1;
    private const int XATTR_REPLACE = 2;

    /// <summary>A call that must fail, and change nothing: also when the server dies in it and it comes again.</summary>
    private void DoWhatIsRefused()
    {
        int file = FindFile();
        int directory = FindDirectory();
        int link = FindLink();
        int there = FindSlot(static slot => slot != SoakSlot.Nothing);
        byte* missing = _names.Missing(Next(SoakNames.MissingCount));
        switch (Next(16))
        {
            case 0 when there >= 0:
                Expect(SystemCall.MakeDirectory(_names.Slot(there)), Errno.EEXIST, "mkdir of what is there");
                break;
            case 1 when there >= 0:
                Expect(SystemCall.RemoveDirectory(_names.Folder(there % SoakJournal.FolderCount)), Errno.ENOTEMPTY, "rmdir of what is not empty");
                break;
            case 2 when directory >= 0:
                Expect(SystemCall.Unlink(_names.Slot(directory)), Errno.EISDIR, "unlink of a directory");
                break;
            case 3 when file >= 0:
                Expect(SystemCall.RemoveDirectory(_names.Slot(file)), Errno.ENOTDIR, "rmdir of a file");
                break;
            case 4:
                Expect(Open(missing, O_RDWR), Errno.ENOENT, "open of what is not there");
                break;
            case 5 when there >= 0:
                Expect(Open(_names.Slot(there), O_CREAT | O_EXCL | O_RDWR, 0x1A4), Errno.EEXIST, "exclusive create of what is there");
                break;
            case 6 when there >= 0 && file >= 0:
                Expect(SystemCall.Link(_names.Slot(file), _names.Slot(there)), Errno.EEXIST, "link to a name that is there");
                break;
            case 7 when directory >= 0:
                Expect(SystemCall.Link(_names.Slot(directory), missing), Errno.EPERM, "link of a directory");
                break;
            case 8 when there >= 0:
                Expect(SystemCall.Symlink(_names.Target(1), _names.Slot(there)), Errno.EEXIST, "symlink of a name that is there");
                break;
            case 9 when link >= 0:
                Expect(Open(_names.Slot(link), O_RDONLY), Errno.ENOENT, "open of a link to nowhere");
                break;
            case 10 when link >= 0:
                Expect(Open(_names.Slot(link), O_RDONLY | O_NOFOLLOW), Errno.ELOOP, "open of a link itself");
                break;
            case 11 when file >= 0:
                Expect(SystemCall.ReadLink(_names.Slot(file), _buffer, 100), Errno.EINVAL, "readlink of a file");
                break;
            case 12 when file >= 0:
                int index = Next(Soak.SoakFile.AttributeCount);
                bool isThere = _journal.File(SoakSlot.Value(_journal.Slots[file])).Attributes[index] != 0;
                Expect(
                    SystemCall.SetAttribute(_names.Slot(file), _names.Attribute(index), _noise, 5, isThere ? XATTR_CREATE : XATTR_REPLACE),
                    isThere ? Errno.EEXIST : Errno.ENODATA,
                    "setxattr");
                break;
            case 13:
                Expect(Open(_names.TooLong, O_RDONLY), Errno.ENAMETOOLONG, "open of too long a name");
                break;
            case 14:
                Expect(SystemCall.Rename(missing, _names.Slot(0), 0), Errno.ENOENT, "rename of what is not there");
                break;
            case 15:
                Expect(SystemCall.Unlink(missing), Errno.ENOENT, "unlink of what is not there");
                break;
        }
    }
}
