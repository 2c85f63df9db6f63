using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Metadata.Trees;
using Adit.Metadata.Superblocks;
using Adit.Metadata.Transactions;
using Adit.Nodes;

namespace Adit;

/// <summary>Making and opening.</summary>
public sealed partial class Volume
{
    /// <summary>How long opening may spend on inodes that a crash left without names; the rest follows in the background.</summary>
    private static readonly TimeSpan OrphanBudget = TimeSpan.FromMilliseconds(30);

    /// <summary>Makes a volume in a file or on a device, and opens it.</summary>
    /// <exception cref="AditException">What is there looks used (EEXIST), is in use (EBUSY), has no room (ENOSPC) ...</exception>
    public static Volume Create(string path, CreateOptions options)
    {
        Format(path, options);
        return Open(path);
    }

    /// <summary>Makes a volume in a file or on a device. Durable on return. Its root directory is the user's who runs this process.</summary>
    /// <exception cref="AditException">What is there looks used (EEXIST), is in use (EBUSY), has no room (ENOSPC) ...</exception>
    public static void Format(string path, CreateOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            using Medium medium = MediumFactory.Create(
                path,
                new MediumOptions
                {
                    Kind = options.Kind,
                    CreateSizeBytes = options.SizeBytes & -Geometry.BlockSize,
                    Force = options.Force,
                });
            Format(
                medium,
                new FormatOptions
                {
                    Label = options.Label,
                    LogBytes = options.LogBytes,
                    DirectAccess = options.DirectAccess,
                    Quotas = options.Quotas,
                    RootUserId = Caller.OfProcess.UserId,
                    RootGroupId = Caller.OfProcess.GroupId,
                });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToAdit(exception, "make a volume", path);
        }
    }

    /// <summary>Opens a volume in a file or on a device, as the kind of medium that it was made on.</summary>
    /// <exception cref="AditException">No volume (EINVAL), damaged (EUCLEAN), made by a newer version (EPROTO), in use (EBUSY) ...</exception>
    public static Volume Open(string path, VolumeOptions? options = null)
    {
        options ??= new VolumeOptions();
        try
        {
            MediumKind? kind = SuperblockPeek.TryRead(path, out Superblock superblock) ? (MediumKind)superblock.MediumKind : null;
            Medium medium = MediumFactory.Open(path, new MediumOptions { Kind = kind, ReadOnly = options.ReadOnly, Descriptor = options.Descriptor });
            return Open(medium, options);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToAdit(exception, "open the volume", path);
        }
    }

    /// <summary>Makes a volume on a medium, which stays the caller's.</summary>
    /// <exception cref="VolumeException">Too small, or the options do not fit it.</exception>
    public static void Format(Medium medium, FormatOptions options)
    {
        MetadataStore.Format(medium, options);
        using MetadataStore store = MetadataStore.Open(medium, new StoreOptions { BackgroundWork = false });
        Errno errno = store.Begin(out Transaction transaction);
        if (errno != Errno.Success)
        {
            throw new VolumeException(errno, $"{medium.Name} is too small for a root directory.");
        }

        using TransactionScope open = new(transaction);
        InodeRecord root = new()
        {
            Mode = (uint)FileType.Directory | 0x1ED,
            LinkCount = 2,
            Parent = InodeNumber.Root.Value,
            Generation = 1,
            UserId = options.RootUserId,
            GroupId = options.RootGroupId,
            Flags = options.DirectAccess ? (uint)FileFlags.DirectAccess : 0,
        };
        VolumeContext context = new(store, new VolumeOptions(), new NameHash(store.Identity.VolumeId));
        Timestamp now = context.Now();
        root.SetAccessTime(now);
        root.SetBirthTime(now);
        root.Touch(now);
        if (options.Quotas)
        {
            context.Quotas.PutWithin(transaction, QuotaSetting.Initial with { State = QuotaState.On });
        }

        transaction.Put(InodeRecord.Key(InodeNumber.Root), root.AsBytes());
        transaction.Commit();
    }

    /// <summary>Opens a volume over a medium, which is the volume's from now on, also when this fails, unless
    /// <see cref="VolumeOptions.LeaveMediumOpen"/> says otherwise.</summary>
    /// <exception cref="VolumeException">No volume (EINVAL), damaged (EUCLEAN), made by a newer version (EPROTO).</exception>
    public static Volume Open(Medium medium, VolumeOptions? options = null)
    {
        options ??= new VolumeOptions();
        StoreOptions storeOptions = options.Store ?? new StoreOptions
        {
            ReadOnly = options.ReadOnly,
            CommitInterval = options.CommitInterval,
            SyncAlways = options.SyncAlways,
            Staging = options.Succession?.Staging,
            Witness = options.Succession,
        };
        MetadataStore store;
        try
        {
            store = MetadataStore.Open(medium, storeOptions);
        }
        catch
        {
            DisposeMedium(medium, options);
            throw;
        }

        Volume volume;
        try
        {
            volume = new(store, options);
        }
        catch
        {
            store.Dispose();
            DisposeMedium(medium, options);
            throw;
        }

        try
        {
            volume.CheckRoot();
            volume._context.Quotas.Load();
            volume.TakeOver(options.Succession);
            volume.StartBackgroundWork(hasOrphans: !volume.IsReadOnly && !volume.CleanOrphans(OrphanBudget));
            return volume;
        }
        catch (TreeDamagedException damage)
        {
            volume.Abandon();
            throw new VolumeException(Errno.EUCLEAN, $"{medium.Name} is damaged: {damage.Message}", damage);
        }
        catch
        {
            volume.Abandon();
            throw;
        }
    }

    /// <summary>What a kernel holds is held before inodes without names are looked for.</summary>
    private void TakeOver(ISuccession? succession)
    {
        foreach (RetainedInode held in succession?.TakeRetained(_context.Store.FirstSequence) ?? [])
        {
            _context.Inodes.Retain(held.Inode, held.Count);
        }
    }

    private static void DisposeMedium(Medium medium, VolumeOptions options)
    {
        if (!options.LeaveMediumOpen)
        {
            medium.Dispose();
        }
    }

    private void CheckRoot()
    {
        if (!TryReadRecord(InodeNumber.Root, out InodeRecord root) || !root.IsDirectory)
        {
            throw new VolumeException(
                Errno.EUCLEAN, $"{_context.Medium.Name} has no root directory: it is damaged, or its making was interrupted. Run fsck.");
        }
    }
}
