using System.Text;
using Adit.Checking;
using Adit.Format;
using Adit.Media;
using Adit.Metadata.Checking;
using Adit.Nodes;

namespace Adit.Metadata.Tests.Checking;

/// <summary>A volume in memory with some of everything, and what its files hold.</summary>
internal sealed unsafe class SampleVolume : IDisposable
{
    public const long SizeBytes = 32 << 20;

    private readonly MemoryMedium _medium;

    /// <param name="seed">Of its contents.</param>
    /// <param name="isClean">Closed in order; else the log holds records.</param>
    /// <param name="isTiny">A quarter of the size, a tenth of the files, and quotas.</param>
    public SampleVolume(int seed = 1, bool isClean = true, bool isTiny = false)
    {
        _medium = new MemoryMedium(isTiny ? SizeBytes / 4 : SizeBytes);
        Volume.Format(_medium, new FormatOptions { LogBytes = 256 << 10, Quotas = isTiny, VolumeId = new Guid(seed, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) });
        Volume volume = Open();
        Fill(volume, new Random(seed), isTiny ? 6 : 60, isTiny ? 200 << 10 : 3 << 20);
        if (isClean)
        {
            volume.Dispose();
        }
        else
        {
            volume.CheckpointNow();
            volume.CreateDirectory("/late");
            Write(volume, "/late/file", [1, 2, 3]);
            volume.Abandon();
        }
    }

    private SampleVolume(ReadOnlySpan<byte> image)
    {
        _medium = new MemoryMedium(image.Length);
        image.CopyTo(Bytes);
    }

    /// <summary>What each regular file holds, by path.</summary>
    public SortedDictionary<string, byte[]> Contents { get; private init; } = new(StringComparer.Ordinal);

    public MemoryMedium Medium => _medium;

    public Span<byte> Bytes => new(_medium.Start, (int)_medium.LengthBytes);

    /// <summary>The same bytes on a medium of its own.</summary>
    public SampleVolume Copy() => new(Bytes) { Contents = Contents };

    public Volume Open(bool isReadOnly = false) => Volume.Open(_medium, new VolumeOptions
    {
        LeaveMediumOpen = true,
        ReadOnly = isReadOnly,
        Store = new StoreOptions { BackgroundWork = false, ReadOnly = isReadOnly },
    });

    public CheckReport Check() => VolumeChecker.Check(_medium);

    public RepairReport Repair() => VolumeRepairer.Repair(_medium);

    /// <summary>Changes the store below the files.</summary>
    public void Change(Action<Transactions.Transaction> change)
    {
        using MetadataStore store = MetadataStore.Open(_medium, new StoreOptions { BackgroundWork = false });
        Assert.Equal(Interop.Errno.Success, store.Begin(out Transactions.Transaction transaction));
        try
        {
            change(transaction);
        }
        catch
        {
            transaction.Abort();
            throw;
        }

        transaction.Commit();
    }

    /// <summary>Reads a record of the published tree.</summary>
    public byte[] Read(TreeKey key)
    {
        using MetadataStore store = MetadataStore.Open(_medium, new StoreOptions { BackgroundWork = false });
        using Trees.TreeReader reader = store.Read();
        Assert.True(reader.TryGet(key, out ReadOnlySpan<byte> value), $"there is a record at {key}");
        return value.ToArray();
    }

    public InodeNumber InodeOf(string path)
    {
        using Volume volume = Open();
        return volume.GetAttributes(path, followLink: false).Inode;
    }

    /// <summary>The first record of a kind under an inode.</summary>
    public TreeKey FirstKey(InodeNumber inode, RecordKind kind)
    {
        using MetadataStore store = MetadataStore.Open(_medium, new StoreOptions { BackgroundWork = false });
        using Trees.TreeReader reader = store.Read();
        Assert.True(reader.TryGetAtOrAbove(new TreeKey(inode, kind, 0), out TreeKey key, out _));
        Assert.True(key.Inode == inode && key.Kind == kind, $"{inode} has a record of {kind}");
        return key;
    }

    public Superblock ReadSuperblock()
    {
        Assert.True(Superblock.TryRead(Bytes[..Superblock.SizeBytes], out Superblock superblock));
        return superblock;
    }

    /// <summary>Writes both copies, checksums included.</summary>
    public void Write(Superblock superblock)
    {
        superblock.Write(Bytes[..Superblock.SizeBytes]);
        superblock.Write(Bytes.Slice((int)Superblock.SecondCopyBlock << Geometry.BlockShift, Superblock.SizeBytes));
    }

    /// <summary>The blocks of the published tree's nodes of one level, from the root down.</summary>
    public List<long> NodesAt(int level)
    {
        Superblock superblock = ReadSuperblock();
        List<long> nodes = [superblock.RootBlock];
        for (int at = (int)superblock.RootLevel; at > level; at--)
        {
            List<long> below = [];
            foreach (long block in nodes)
            {
                NodeHeader header = *(NodeHeader*)(_medium.Start + (block << Geometry.BlockShift));
                NodeSlot* slots = (NodeSlot*)(_medium.Start + (block << Geometry.BlockShift) + NodeHeader.SizeBytes);
                for (int index = 0; index < header.Count; index++)
                {
                    below.Add(slots[index].Child);
                }
            }

            nodes = below;
        }

        return nodes;
    }

    /// <summary>Gives a node a fitting checksum after a change.</summary>
    public void SealNode(long block)
    {
        byte* start = _medium.Start + (block << Geometry.BlockShift);
        ((NodeHeader*)start)->Crc = Checksum.OfExceptField(new ReadOnlySpan<byte>(start, Geometry.BlockSize), NodeHeader.ChecksumOffset);
    }

    public NodeHeader* HeaderOf(long block) => (NodeHeader*)(_medium.Start + (block << Geometry.BlockShift));

    public NodeSlot* SlotsOf(long block) => (NodeSlot*)(_medium.Start + (block << Geometry.BlockShift) + NodeHeader.SizeBytes);

    /// <summary>What can be read of the files: wrong bytes fail, missing files are counted.</summary>
    public int CountIntactFiles()
    {
        int intact = 0;
        using Volume volume = Open();
        foreach ((string path, byte[] content) in Contents)
        {
            if (!volume.Exists(path))
            {
                continue;
            }

            using AditFile file = volume.OpenFile(path, FileMode.Open, FileAccess.Read);
            byte[] read = new byte[content.Length + 1];
            int length = file.Read(0, read);
            if (length == content.Length && read.AsSpan(0, length).SequenceEqual(content))
            {
                intact++;
            }
        }

        return intact;
    }

    public void Dispose() => _medium.Dispose();

    private static void Write(Volume volume, string path, byte[] content)
    {
        using AditFile file = volume.OpenFile(path, FileMode.Create);
        file.Append(content);
    }

    private void Fill(Volume volume, Random random, int files, int largeBytes)
    {
        for (int directory = 0; directory < 6; directory++)
        {
            string folder = directory < 3 ? $"/d{directory}" : $"/d0/e{directory}";
            volume.CreateDirectory(folder);
            for (int number = 0; number < files; number++)
            {
                byte[] content = new byte[number % 10 == 0 ? random.Next(60_000) : random.Next(9_000)];
                random.NextBytes(content);
                string path = $"{folder}/file-with-a-rather-long-name-{number}";
                Write(volume, path, content);
                Contents[path] = content;
            }
        }

        byte[] large = new byte[largeBytes];
        random.NextBytes(large);
        Write(volume, "/large", large);
        Contents["/large"] = large;
        volume.CreateLink("/large", "/d1/link-to-large");
        volume.CreateSymbolicLink("/d1/symbolic", "../large");
        volume.CreateSymbolicLink("/d1/long-symbolic", new string('x', 3000));
        volume.SetExtendedAttribute("/large", "user.short", Encoding.UTF8.GetBytes("value"));
        volume.SetExtendedAttribute("/large", "user.long", new byte[5000]);
        for (int number = 5; number < files; number += 7)
        {
            string path = $"/d2/file-with-a-rather-long-name-{number}";
            volume.Delete(path);
            Contents.Remove(path);
        }
    }
}
