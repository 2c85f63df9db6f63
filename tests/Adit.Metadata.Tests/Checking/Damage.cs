using System.Text;
using Adit.Format;
using Adit.Format.Records;
using Adit.Metadata.Checking;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;

namespace Adit.Metadata.Tests.Checking;

/// <summary>A kind of damage, planted on purpose.</summary>
/// <param name="Plant">Plants it.</param>
/// <param name="Expected">What the checker must call it.</param>
/// <param name="LostFiles">How many files may be lost or changed by it.</param>
internal sealed record Damage(Action<SampleVolume> Plant, FindingKind Expected, int LostFiles = 0)
{
    private const string File = "/d1/file-with-a-rather-long-name-3";
    private const string Other = "/d1/file-with-a-rather-long-name-4";

    public static readonly Dictionary<string, Damage> All = new()
    {
        // Fixed parts.
        ["first superblock copy"] = new(sample => sample.Bytes[200] ^= 1, FindingKind.SuperblockCopy),
        ["second superblock copy"] = new(
            sample => sample.Bytes.Slice((int)Superblock.SecondCopyBlock << 12, 4096).Clear(), FindingKind.SuperblockCopy),
        ["free count"] = new(sample => Edit(sample, static (ref superblock) => superblock.FreeBlocks -= 3), FindingKind.FreeCount),
        ["node count"] = new(sample => Edit(sample, static (ref superblock) => superblock.NodeCount++), FindingKind.NodeCount),
        ["next inode"] = new(sample => Edit(sample, static (ref superblock) => superblock.NextInode = 20), FindingKind.NextInode),
        ["chain block"] = new(sample => sample.Bytes[((int)sample.ReadSuperblock().NodeMapChain << 12) + 100] ^= 4, FindingKind.NodeMapChain),
        ["map slot"] = new(
            sample => EditSlot(sample, static (ref slot) => slot.Live[0] ^= 2, isSealed: false), FindingKind.NodeMapSlot),
        ["map misses a node"] = new(
            sample => EditSlot(sample, static (ref slot) => slot.Live[Word(slot)] &= slot.Live[Word(slot)] - 1), FindingKind.NodeNotInMap),
        ["map has a node too many"] = new(sample => EditSlot(sample, static (ref slot) => slot.Live[7] |= 1UL << 62), FindingKind.NodeNotInTree),

        // Nodes.
        ["leaf byte"] = new(sample => sample.Bytes[((int)Leaf(sample) << 12) + 1000] ^= 1, FindingKind.NodeDamaged, 60),
        ["root byte"] = new(sample => sample.Bytes[((int)sample.ReadSuperblock().RootBlock << 12) + 70] ^= 1, FindingKind.NodeDamaged),
        ["root zeroed"] = new(sample => sample.Bytes.Slice((int)sample.ReadSuperblock().RootBlock << 12, 4096).Clear(), FindingKind.NodeDamaged),
        ["node address"] = new(PlantAddress, FindingKind.NodeDamaged, 60),
        ["children swapped"] = new(sample => EditRoot(sample, swaps: true), FindingKind.NodeMisplaced),
        ["child twice"] = new(sample => EditRoot(sample, swaps: false), FindingKind.NodeReachedTwice),
        ["child outside"] = new(PlantOutside, FindingKind.NodeOutside),

        // Blocks.
        ["line frees a taken block"] = new(sample => EditLine(sample, isFreed: true), FindingKind.BlockNotTaken),
        ["line takes a free block"] = new(sample => EditLine(sample, isFreed: false), FindingKind.BlockWithoutOwner),
        ["line too short"] = new(sample => PutAt(sample, SpaceLineCodec.KeyOf(DataChunk(sample)), [0]), FindingKind.SpaceLine),
        ["reverse record missing"] = new(sample => DeleteAt(sample, ReverseKey(sample)), FindingKind.ReverseMissing),
        ["reverse record stray"] = new(PlantStrayReverse, FindingKind.ReverseStray),
        ["extent outside"] = new(sample => PutExtent(sample, 5000, new ExtentRecord(new BlockAddress(1 << 20), 2, 0)), FindingKind.ExtentOutside),
        ["extent malformed"] = new(PlantMalformedExtent, FindingKind.ExtentMalformed),
        ["block owned twice"] = new(
            sample => PutExtent(sample, 5000, ExtentRecord.Read(sample.Read(ExtentKey(sample, Other)))), FindingKind.BlockOwnedTwice, 1),
        ["extents overlap"] = new(PlantOverlap, FindingKind.ExtentOverlap),

        // Records of files.
        ["link count"] = new(sample => EditInode(sample, File, static (ref record) => record.LinkCount = 7), FindingKind.LinkCount),
        ["directory size"] = new(sample => EditInode(sample, "/d1", static (ref record) => record.SizeBytes++), FindingKind.SizeOfDirectory),
        ["block count"] = new(sample => EditInode(sample, File, static (ref record) => record.BlockCount += 2), FindingKind.BlockCount),
        ["directory parent"] = new(sample => EditInode(sample, "/d0/e3", static (ref record) => record.Parent = 1), FindingKind.DirectoryParent),
        ["inode malformed"] = new(sample => EditInode(sample, File, static (ref record) => record.BirthNanoseconds = uint.MaxValue), FindingKind.InodeMalformed, 1),
        ["inode missing"] = new(sample => DeleteAt(sample, InodeRecord.Key(sample.InodeOf(File))), FindingKind.InodeMissing, 1),
        ["inode of directory missing"] = new(sample => DeleteAt(sample, InodeRecord.Key(sample.InodeOf("/d1"))), FindingKind.InodeMissing, 60),
        ["inode unnamed"] = new(sample => DeleteAt(sample, EntryKey(sample, "/d1", "file-with-a-rather-long-name-3")), FindingKind.InodeUnnamed, 1),
        ["directory unnamed"] = new(sample => DeleteAt(sample, EntryKey(sample, "/", "d1")), FindingKind.InodeUnnamed, 60),
        ["root missing"] = new(sample => DeleteAt(sample, InodeRecord.Key(InodeNumber.Root)), FindingKind.RootMissing),
        ["entry dangling"] = new(sample => PutEntry(sample, "/d1", "nowhere", new InodeNumber(9999), 0x8000), FindingKind.EntryDangling),
        ["entry type"] = new(sample => PutEntry(sample, "/d1", "file-with-a-rather-long-name-3", sample.InodeOf(File), 0xA000), FindingKind.EntryType),
        ["entry malformed"] = new(sample => PutAt(sample, EntryKey(sample, "/d1", "broken"), [1, 2, 3]), FindingKind.EntryMalformed),
        ["entry with a slash"] = new(sample => PutEntry(sample, "/d1", "a/b", sample.InodeOf(File), 0x8000), FindingKind.EntryMalformed),
        ["entry misplaced"] = new(PlantMisplaced, FindingKind.EntryMisplaced),
        ["entry twice"] = new(PlantDuplicate, FindingKind.EntryDuplicate),
        ["entry in a file"] = new(sample => PutEntry(sample, File, "inside", sample.InodeOf(Other), 0x8000), FindingKind.EntryInOther),
        ["directory named twice"] = new(sample => PutEntry(sample, "/d2", "again", sample.InodeOf("/d1"), 0x4000), FindingKind.DirectoryNamedTwice),
        ["directories in a circle"] = new(PlantCircle, FindingKind.DirectoryUnreachable, 240),
        ["unknown kind"] = new(
            sample => PutAt(sample, new TreeKey(sample.InodeOf(File), (RecordKind)0x77, 1), [1]), FindingKind.RecordUnknown),
        ["orphan with a name"] = new(
            sample => PutOrphan(sample, sample.InodeOf(File)), FindingKind.OrphanStray),
        ["orphan malformed"] = new(sample => PutAt(sample, OrphanRecord.Key(new InodeNumber(5)), [1]), FindingKind.OrphanMalformed),
        ["symbolic link misses a piece"] = new(
            sample => DeleteAt(sample, SymlinkPiece.Key(sample.InodeOf("/d1/long-symbolic"), 1)), FindingKind.SymlinkMalformed),
        ["attribute misses a piece"] = new(
            sample => DeleteAt(sample, sample.FirstKey(sample.InodeOf("/large"), RecordKind.AttributeValue)), FindingKind.AttributeMalformed),
        ["attribute malformed"] = new(
            sample => PutAt(sample, AttributeRecord.Key(sample.InodeOf(File), 77), [0, 0, 0]), FindingKind.AttributeMalformed),
        ["extent of a directory"] = new(PlantExtentOfDirectory, FindingKind.ExtentOfOther),
    };

    private delegate void Editing<T>(ref T value);

    private static int Word(in NodeMapSlot slot)
    {
        int word = 0;
        while (slot.Live[word] == 0)
        {
            word++;
        }

        return word;
    }

    private static void Edit(SampleVolume sample, Editing<Superblock> edit)
    {
        Superblock superblock = sample.ReadSuperblock();
        edit(ref superblock);
        sample.Write(superblock);
    }

    private static unsafe void EditSlot(SampleVolume sample, Editing<NodeMapSlot> edit, bool isSealed = true)
    {
        Superblock superblock = sample.ReadSuperblock();
        superblock.NodeMapChain = 0;
        sample.Write(superblock);
        long chunk = superblock.RootBlock >> Geometry.BlocksPerChunkShift;
        NodeMapSlot* slot = (NodeMapSlot*)(sample.Medium.Start + (superblock.NodeMapStart << Geometry.BlockShift)) + chunk;
        edit(ref *slot);
        if (isSealed)
        {
            slot->Seal();
        }
    }

    /// <summary>A leaf in the middle of the tree: of files and directories, not of space lines.</summary>
    private static long Leaf(SampleVolume sample)
    {
        List<long> leaves = sample.NodesAt(0);
        return leaves[leaves.Count / 3];
    }

    private static unsafe void PlantAddress(SampleVolume sample)
    {
        long leaf = Leaf(sample);
        sample.HeaderOf(leaf)->Address++;
        sample.SealNode(leaf);
    }

    private static unsafe void EditRoot(SampleVolume sample, bool swaps)
    {
        long block = sample.NodesAt(1)[0];
        NodeSlot* slots = sample.SlotsOf(block);
        long first = slots[1].Child;
        slots[1].Child = slots[2].Child;
        slots[2].Child = swaps ? first : slots[2].Child;
        sample.SealNode(block);
    }

    private static unsafe void PlantOutside(SampleVolume sample)
    {
        long block = sample.NodesAt(1)[0];
        sample.SlotsOf(block)[1].Child = 1L << 40;
        sample.SealNode(block);
    }

    private static TreeKey ExtentKey(SampleVolume sample, string path) => sample.FirstKey(sample.InodeOf(path), RecordKind.Extent);

    private static long DataChunk(SampleVolume sample) => ExtentRecord.Read(sample.Read(ExtentKey(sample, File))).Start.Chunk;

    private static void EditLine(SampleVolume sample, bool isFreed)
    {
        BlockAddress block = ExtentRecord.Read(sample.Read(ExtentKey(sample, File))).Start;
        TreeKey key = SpaceLineCodec.KeyOf(block.Chunk);
        SpaceLine line = SpaceLineCodec.Read(sample.Read(key));
        ChunkBits bits = line.Bits;
        for (int index = 511; index >= 0; index--)
        {
            bool isTaken = (bits[index >> 6] >> (index & 63) & 1) != 0;
            if (isTaken == isFreed)
            {
                bits[index >> 6] ^= 1UL << (index & 63);
                break;
            }
        }

        byte[] value = new byte[SpaceLineCodec.SizeBytes];
        SpaceLineCodec.Write(line with { Bits = bits }, value);
        PutAt(sample, key, value);
    }

    private static TreeKey ReverseKey(SampleVolume sample)
    {
        TreeKey key = ExtentKey(sample, File);
        return ReverseMapRecord.KeyOf(ExtentRecord.Read(sample.Read(key)).Start, key.Inode, (long)key.Offset);
    }

    private static void PlantStrayReverse(SampleVolume sample)
    {
        byte[] value = new byte[ReverseMapRecord.SizeBytes];
        new ReverseMapRecord(new InodeNumber(77), 5, 2).Write(value);
        PutAt(sample, ReverseMapRecord.KeyOf(new BlockAddress(3000), new InodeNumber(77), 5), value);
    }

    private static void PutExtent(SampleVolume sample, long fileBlock, ExtentRecord extent)
    {
        InodeNumber inode = sample.InodeOf(File);
        sample.Change(change => change.PutExtent(inode, fileBlock, extent));
    }

    private static void PlantMalformedExtent(SampleVolume sample)
    {
        TreeKey key = new(sample.InodeOf(File), RecordKind.Extent, 5000);

        // A store makes the reverse record of an extent, so its bytes are shortened below the store.
        sample.Change(change => change.PutExtent(key.Inode, 5000, new ExtentRecord(new BlockAddress(1 << 20), 1, 0)));
        EditSlotOf(sample, key);
    }

    private static unsafe void EditSlotOf(SampleVolume sample, TreeKey key)
    {
        foreach (long leaf in sample.NodesAt(0))
        {
            for (int index = 0; index < sample.HeaderOf(leaf)->Count; index++)
            {
                if (sample.SlotsOf(leaf)[index].Key == key)
                {
                    sample.SlotsOf(leaf)[index].ValueBytes--;
                    sample.SealNode(leaf);
                    return;
                }
            }
        }

        Assert.Fail($"no record at {key}");
    }

    private static void PlantOverlap(SampleVolume sample)
    {
        TreeKey key = ExtentKey(sample, "/large");
        uint count = ExtentRecord.Read(sample.Read(key)).BlockCount;
        using MetadataStore store = MetadataStore.Open(sample.Medium, new StoreOptions { BackgroundWork = false });
        Assert.Equal(Interop.Errno.Success, store.Space.TryReserve(new SpaceRequest(1, default, 0, SpaceShape.Small), out BlockExtent blocks));
        Assert.Equal(Interop.Errno.Success, store.Begin(out Transaction transaction));
        transaction.Take(blocks);
        transaction.PutExtent(key.Inode, (long)key.Offset + count - 1, new ExtentRecord(blocks.Start, 1, 0));
        transaction.Commit();
    }

    private static void PlantExtentOfDirectory(SampleVolume sample)
    {
        InodeNumber directory = sample.InodeOf("/d1");
        using MetadataStore store = MetadataStore.Open(sample.Medium, new StoreOptions { BackgroundWork = false });
        Assert.Equal(Interop.Errno.Success, store.Space.TryReserve(new SpaceRequest(3, default, 0, SpaceShape.Small), out BlockExtent blocks));
        Assert.Equal(Interop.Errno.Success, store.Begin(out Transaction transaction));
        transaction.Take(blocks);
        transaction.PutExtent(directory, 0, new ExtentRecord(blocks.Start, (uint)blocks.BlockCount, 0));
        transaction.Commit();
    }

    private static void EditInode(SampleVolume sample, string path, Editing<InodeRecord> edit)
    {
        TreeKey key = InodeRecord.Key(sample.InodeOf(path));
        Assert.True(InodeRecord.TryRead(sample.Read(key), out InodeRecord record));
        edit(ref record);
        byte[] value = record.AsBytes().ToArray();
        PutAt(sample, key, value);
    }

    private static TreeKey EntryKey(SampleVolume sample, string directory, string name) => DirectoryEntryRecord.Key(
        sample.InodeOf(directory), new NameHash(sample.ReadSuperblock().VolumeId).EntryOffset(Encoding.UTF8.GetBytes(name)));

    private static byte[] EntryValue(string name, InodeNumber inode, uint typeBits)
    {
        byte[] value = new byte[DirectoryEntryRecord.MaxSizeBytes];
        return value[..DirectoryEntryRecord.Write(value, inode, typeBits, Encoding.UTF8.GetBytes(name))];
    }

    private static void PutEntry(SampleVolume sample, string directory, string name, InodeNumber inode, uint typeBits) =>
        PutAt(sample, EntryKey(sample, directory, name), EntryValue(name, inode, typeBits));

    private static void PlantMisplaced(SampleVolume sample) =>
        PutAt(sample, EntryKey(sample, "/d1", "elsewhere"), EntryValue("stray", sample.InodeOf(File), 0x8000));

    private static void PlantDuplicate(SampleVolume sample)
    {
        const string name = "file-with-a-rather-long-name-3";
        TreeKey key = EntryKey(sample, "/d1", name);
        PutAt(sample, new TreeKey(key.Inode, key.Kind, key.Offset + 1), EntryValue(name, sample.InodeOf(File), 0x8000));
    }

    private static void PlantCircle(SampleVolume sample)
    {
        InodeNumber outer = sample.InodeOf("/d0");
        TreeKey name = EntryKey(sample, "/", "d0");
        TreeKey inside = EntryKey(sample, "/d0/e3", "circle");
        sample.Change(change =>
        {
            change.Delete(name);
            change.Put(inside, EntryValue("circle", outer, 0x4000));
        });
    }

    private static void PutOrphan(SampleVolume sample, InodeNumber inode)
    {
        byte[] value = new byte[OrphanRecord.SizeBytes];
        new OrphanRecord(OrphanReasons.Unnamed, 0).Write(value);
        PutAt(sample, OrphanRecord.Key(inode), value);
    }

    private static void PutAt(SampleVolume sample, TreeKey key, byte[] value) => sample.Change(change => change.Put(key, value));

    private static void DeleteAt(SampleVolume sample, TreeKey key) => sample.Change(change => change.Delete(key));
}
