using Adit.Directories;
using Adit.Files;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata.Trees;
using Adit.Nodes;

namespace Adit;

/// <summary>Flags of inodes, and project ids.</summary>
public sealed partial class Volume
{
    /// <summary>The flags of a file, directory or link.</summary>
    public FileFlags GetFlags(string path, bool followLink = true) => (FileFlags)GetAttributes(path, followLink).Flags & FileFlags.All;

    /// <summary>Sets and clears flags. Durable as any change of attributes. The DAX flag decides how a file is accessed when it next comes into
    /// use, and nothing before; <see cref="GetDaxStatus(string, bool)"/> tells.</summary>
    /// <param name="path">A file, a directory or, where the flags allow, something else.</param>
    /// <param name="set">Flags that it shall have.</param>
    /// <param name="clear">Flags that it shall not have.</param>
    /// <param name="recursive">All that is in a directory, too, directories before what is in them: what is made meanwhile inherits. Not one
    /// step: a crash leaves some of it done. Links are not followed; what cannot be changed is reported and the rest goes on.</param>
    /// <exception cref="AditException">EPERM: immutable, or without the privilege for <see cref="FileFlags.Privileged"/>. ENOTEMPTY: the DAX flag
    /// of a directory that is not empty, without <paramref name="recursive"/>. EOPNOTSUPP, EINVAL: not a flag for this type. EBUSY: to be
    /// fixed while somebody holds it for storing.</exception>
    public FlagChangeReport SetFlags(string path, FileFlags set, FileFlags clear = FileFlags.None, bool recursive = false)
    {
        if ((set & clear) != 0 || ((set | clear) & ~FileFlags.All) != 0)
        {
            throw new AditException(Errno.EINVAL, "set the flags of", path, "a flag is both set and cleared, or is none that can be.");
        }

        FlagWalk walk = new(set, clear, recursive);
        InodeNumber top = default;
        try
        {
            AtInode(path, followsLast: true, "set the flags of", inode =>
            {
                top = inode.Number;
                return walk.Change(this, inode);
            });
        }
        catch (AditException exception) when (exception.Errno == Errno.ENOTEMPTY)
        {
            throw new AditException(
                Errno.ENOTEMPTY, "set the flags of", path, "the directory is not empty; its DAX flag can change with all that is in it (recursive).", exception);
        }

        if (recursive && walk.IsDirectory)
        {
            ChangeBelow(top, path.TrimEnd('/'), walk);
        }

        return walk.Report;
    }

    /// <summary>The project that a file or directory counts for.</summary>
    public uint GetProject(string path) => GetAttributes(path).ProjectId;

    /// <summary>Gives a file or directory to a project. What is made in a directory follows it if the directory has
    /// <see cref="FileFlags.ProjectInherit"/>.</summary>
    public void SetProject(string path, uint projectId) =>
        SetAttributes(path, new AttributeChanges { Fields = AttributeFields.Project, ProjectId = projectId });

    private void ChangeBelow(InodeNumber directory, string path, FlagWalk walk)
    {
        foreach (DirectoryEntry entry in Enumerate(directory, path))
        {
            string child = $"{path}/{entry.Name}";
            Inode? inode = null;
            Errno errno = Guard(() =>
            {
                Errno used = Use(entry.Attributes.Inode, out inode);
                return used == Errno.Success ? walk.Change(this, inode!) : used;
            });
            Release(inode);

            // What went away meanwhile needs no flag.
            if (errno is not (Errno.Success or Errno.ESTALE))
            {
                walk.Fail(child, errno);
            }

            if (entry.Type == FileType.Directory)
            {
                ChangeBelow(entry.Attributes.Inode, child, walk);
            }
        }
    }

    /// <summary>Whether flags and attributes of an inode allow a change; needs its lock.</summary>
    private Errno CheckByFlagsLocked(Inode inode, in AttributeChanges changes)
    {
        ref readonly Format.Records.InodeRecord record = ref inode.Record;
        Errno errno = FlagRules.CheckAttributes(in record, changes.Fields);
        if (errno != Errno.Success || (changes.Fields & (AttributeFields.Flags | AttributeFields.Project)) == 0)
        {
            return errno;
        }

        uint flags = FlagRules.FlagsAfter(record.Flags, in changes);
        uint projectId = (changes.Fields & AttributeFields.Project) != 0 ? changes.ProjectId : record.ProjectId;
        errno = FlagRules.CheckFlags(in record, flags, projectId);
        if (errno == Errno.Success && projectId != 0 && projectId != record.ProjectId && !_context.HasInodeFlags)
        {
            // Builds that may write this volume know no projects, and would take the id for damage.
            return Errno.ENOTSUP;
        }

        bool changesDirectory = record.IsDirectory && ((record.Flags ^ flags) & (uint)FileFlags.DirectAccess) != 0;
        if (errno == Errno.Success && changesDirectory && (changes.Fields & AttributeFields.WholeTree) == 0)
        {
            using TreeReader tree = _context.Store.Read();
            errno = DirectoryEntries.IsEmpty(in tree, inode.Number) ? Errno.Success : Errno.ENOTEMPTY;
        }

        return errno;
    }

    /// <summary>Whether this process has the privilege that a change of flags needs.</summary>
    private static bool MayChangeFlags(Inode inode, in AttributeChanges changes)
    {
        uint before = Volatile.Read(ref inode.Record.Flags);
        return ((FlagRules.FlagsAfter(before, in changes) ^ before) & (uint)FileFlags.Privileged) == 0 || ProcessRights.MayFixFiles;
    }

    /// <summary>Changes attributes, flags among them. A file that becomes immutable or append-only is taken from those who hold it for storing:
    /// when they do not let go in the time of a lease, the flags are as they were.</summary>
    private Errno ChangeFlags(Inode inode, in AttributeChanges changes, ChangeOptions options, out NodeAttributes attributes)
    {
        uint before = Volatile.Read(ref inode.Record.Flags);
        Errno errno = SetAttributes(inode, in changes, options, out attributes);
        if (errno != Errno.Success)
        {
            return errno;
        }

        bool fixes = (FlagRules.FlagsAfter(before, in changes) & ~before & (uint)FileFlags.Privileged) != 0;
        if (fixes && Volatile.Read(ref inode.Space) is { } space)
        {
            // From here on the mapping is told that the file cannot be stored to: what has access already is all that is left.
            errno = space.Freeze();
            if (errno == Errno.Success)
            {
                space.Thaw();
                return errno;
            }

            AttributeChanges undo = new() { Fields = AttributeFields.Flags | AttributeFields.WholeTree, Flags = before };
            Errno undone = SetAttributes(inode, in undo, default, out attributes);
            return undone == Errno.Success ? errno : undone;
        }

        return errno;
    }

    /// <summary>One change of flags on its way through a tree.</summary>
    private sealed class FlagWalk(FileFlags set, FileFlags clear, bool recursive)
    {
        private readonly List<FlagChangeFailure> _failures = [];

        public FlagChangeReport Report { get; private set; } = new();

        /// <summary>The first inode was a directory.</summary>
        public bool IsDirectory { get; private set; }

        public Errno Change(Volume volume, Inode inode)
        {
            volume.ReadAttributes(inode, out NodeAttributes attributes);
            bool isDirectory = attributes.Type == FileType.Directory;
            bool isFirst = Report is { FilesChanged: 0, DirectoriesChanged: 0, Unchanged: 0, Skipped: 0, FailureCount: 0 };
            IsDirectory |= isFirst && isDirectory;
            FileFlags wanted = ((FileFlags)attributes.Flags | (set & FlagRules.Allowed(attributes.Type))) & ~clear;
            if (isFirst && (set & ~FlagRules.Allowed(attributes.Type)) != 0)
            {
                return (set & FileFlags.DirectAccess) != 0 ? Errno.EINVAL : Errno.ENOTSUP;
            }

            FileFlags changed = wanted ^ (FileFlags)attributes.Flags;
            if (changed == FileFlags.None)
            {
                bool cannotHaveThem = set != FileFlags.None && (set & FlagRules.Allowed(attributes.Type)) == 0;
                Report = cannotHaveThem ? Report with { Skipped = Report.Skipped + 1 } : Report with { Unchanged = Report.Unchanged + 1 };
                return Errno.Success;
            }

            Errno errno = volume.CheckWritable();
            if (errno == Errno.Success)
            {
                AttributeFields fields = AttributeFields.Flags | (recursive ? AttributeFields.WholeTree : 0);
                AttributeChanges changes = new() { Fields = fields, Flags = (uint)wanted, FlagsMask = (uint)changed };
                errno = MayChangeFlags(inode, in changes) ? volume.ChangeFlags(inode, in changes, default, out _) : Errno.EPERM;
            }

            if (errno == Errno.Success)
            {
                bool isPending = attributes.Type == FileType.Regular && volume.GetDaxStatus(inode).Pending is not null;
                Report = Report with { Pending = Report.Pending + (isPending ? 1 : 0) };
                Report = isDirectory
                    ? Report with { DirectoriesChanged = Report.DirectoriesChanged + 1 }
                    : Report with { FilesChanged = Report.FilesChanged + 1 };
            }

            return errno;
        }

        public void Fail(string path, Errno errno)
        {
            if (_failures.Count < FlagChangeReport.MaxFailuresKept)
            {
                _failures.Add(new FlagChangeFailure(path, errno, ErrnoReasons.Of(errno)));
            }

            Report = Report with { FailureCount = Report.FailureCount + 1, Failures = _failures };
        }
    }
}
