using System.Reflection;
using Adit.Files;
using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Nodes;
using Adit.TestKit;

namespace Adit.Tests.Inodes;

/// <summary>Inodes of removed files become others: nothing of the file before may be left in them, and who still has that file cannot reach
/// the new one.</summary>
public sealed class InodePoolTests
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    private const int Rounds = 3000;

    private static readonly InodeRecord Record = new() { Mode = 0x81A4, LinkCount = 1, SizeBytes = 0, UserId = 5 };

    [Fact]
    public void Inode_that_becomes_another_is_as_a_new_one()
    {
        EmptyPool();
        Inode fresh = Inode.New(new InodeNumber(9), in Record, isOpen: true);
        Inode used = Inode.New(new InodeNumber(8), new InodeRecord { Mode = 0x41ED, LinkCount = 3 }, isOpen: false);
        FieldInfo[] fields = [.. typeof(Inode).GetFields(Fields).Where(field => field.FieldType.IsValueType && !field.IsInitOnly)];
        foreach (FieldInfo field in fields.Where(field => field.Name is not (nameof(Inode.IsListed) or nameof(Inode.WasMapped))))
        {
            field.SetValue(used, Other(field.GetValue(used)!));
            Assert.False(field.GetValue(used)!.Equals(field.GetValue(fresh)), field.Name);
        }

        // Only what has a mapping may be left on that list.
        used.IsMappingLeft = 0;
        used.Extents.InsertAt(0, 3, default);
        used.Recycle();
        Inode again = Inode.New(new InodeNumber(9), in Record, isOpen: true);

        Assert.Same(used, again);
        Assert.All(fields, field => Assert.True(field.GetValue(again)!.Equals(field.GetValue(fresh)), field.Name));
        Assert.Equal(9u, again.Lock.Number);
        Assert.Equal(0, again.Extents.Count);
        Assert.True(again.Extents.IsComplete);
    }

    [Fact]
    public void Inode_that_something_may_still_point_to_does_not_become_another()
    {
        Inode mapped = Inode.New(new InodeNumber(8), in Record, isOpen: false);
        mapped.WasMapped = true;
        mapped.Recycle();
        Assert.NotSame(mapped, Inode.New(new InodeNumber(9), in Record, isOpen: false));

        Inode listed = Inode.New(new InodeNumber(8), in Record, isOpen: false);
        listed.IsListed = true;
        listed.Recycle();
        Assert.NotSame(listed, Inode.New(new InodeNumber(9), in Record, isOpen: false));
    }

    /// <summary>Arrays of a large file's extents would lie in the pool for nothing.</summary>
    [Fact]
    public void Inode_of_many_extents_does_not_become_another()
    {
        Inode large = Inode.New(new InodeNumber(8), in Record, isOpen: false);
        for (int index = 0; large.Extents.IsSmall; index++)
        {
            large.Extents.InsertAt(index, 3 * index, default);
        }

        large.CoverEmptyFile();
        Assert.False(large.Extents.IsSmall);
        large.Recycle();
        Assert.NotSame(large, Inode.New(new InodeNumber(9), in Record, isOpen: false));
    }

    [Fact]
    public void Pool_is_shared_by_threads_and_bounded()
    {
        EmptyPool();
        HashSet<Inode> given = [.. Enumerable.Range(0, 100).Select(_ => new Inode(new InodeNumber(1), in Record))];
        On(() => given.ToList().ForEach(InodePool.Put));

        HashSet<Inode> taken = [];
        while (taken.Count <= 100 && InodePool.Take() is { } inode)
        {
            // Other tests may give and take meanwhile.
            Assert.True(taken.Add(inode));
            Assert.Null(inode.NextListed);
        }

        Assert.NotEmpty(taken.Intersect(given));
        Assert.InRange(taken.Count, 1, 100);
    }

    [Fact]
    public void Thread_that_took_what_others_left_leaves_what_it_has_too_many_of()
    {
        // Other tests may take everything meanwhile.
        bool isLeft = false;
        for (int attempt = 0; attempt < 100 && !isLeft; attempt++)
        {
            EmptyPool();
            On(() => Enumerable.Range(0, 9).ToList().ForEach(_ => InodePool.Put(new(new InodeNumber(1), in Record))));
            for (int i = 0; i < 8 && InodePool.Take() is not null; i++)
            {
            }

            HashSet<Inode> mine = [.. Enumerable.Range(0, 9).Select(_ => new Inode(new InodeNumber(1), in Record))];
            mine.ToList().ForEach(InodePool.Put);
            On(() =>
            {
                for (int i = 0; i < 100 && !isLeft && InodePool.Take() is { } inode; i++)
                {
                    isLeft = mine.Contains(inode);
                }
            });
        }

        Assert.True(isLeft);
    }

    [Fact]
    public void Closed_file_of_a_removed_one_reaches_no_other()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        AditFile closed = volume.OpenFile("/closed", FileMode.CreateNew);
        Inode inode = ((FileHandle)closed.Node).Node;
        closed.Dispose();
        volume.Delete("/closed");
        EndUseOfRemoved(volume);
        using AditFile other = volume.OpenFile("/other", FileMode.CreateNew);
        Assert.Same(inode, ((FileHandle)other.Node).Node);
        other.Write(0, [1, 2, 3]);

        byte[] bytes = [9, 9, 9];
        IOpenFile node = closed.Node;
        Assert.Equal(Errno.EBADF, node.Write(0, bytes, out _));
        Assert.Equal(Errno.EBADF, node.Append(bytes, out _, out _));
        Assert.Equal(Errno.EBADF, node.SetLength(0));
        Assert.Equal(Errno.EBADF, node.Allocate(AllocateMode.PunchHole | AllocateMode.KeepSize, 0, 4096));
        Assert.Equal(Errno.EBADF, node.Read(0, bytes, out _));
        Assert.Equal(Errno.EBADF, node.Seek(0, SeekTarget.Data, out _));
        Assert.Equal(Errno.EBADF, node.Sync(dataOnly: false));
        Assert.Equal(Errno.EBADF, ((FileHandle)node).OpenMapping(out _));
        Assert.Throws<ObjectDisposedException>(() => closed.Attributes);
        Assert.Throws<ObjectDisposedException>(() => closed.Length);
        Assert.Throws<ObjectDisposedException>(() => closed.DaxStatus);
        closed.Dispose();

        Assert.Equal(3, other.Read(0, bytes));
        Assert.Equal([1, 2, 3], bytes);
        Assert.Equal("/other", other.Path);
        Assert.NotEqual(other.Node.Inode, node.Inode);
    }

    /// <summary>The same while the file is being closed, removed and becoming another.</summary>
    [Fact]
    public void File_that_is_closed_under_its_callers_leads_them_to_no_other()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        AditFile? shown = null;
        bool isOver = false;
        long refused = 0;
        Exception? failure = null;
        Thread[] callers = [.. Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            byte[] mine = new byte[64];
            for (int turn = 0; !Volatile.Read(ref isOver); turn++)
            {
                if (Volatile.Read(ref shown) is not { } file)
                {
                    continue;
                }

                try
                {
                    mine.AsSpan().Fill(0xEE);
                    Errno errno = (turn % 6) switch
                    {
                        0 => file.Node.Write(0, mine, out _),
                        1 => file.Node.Append(mine, out _, out _),
                        2 => file.Node.SetLength(7),
                        3 => file.Node.Allocate(AllocateMode.PunchHole | AllocateMode.KeepSize, 0, 4096),
                        4 => file.Node.Sync(dataOnly: false),
                        _ => file.Node.Read(0, mine, out _),
                    };
                    refused += errno == Errno.EBADF ? 1 : 0;
                    Assert.True(errno is Errno.Success or Errno.EBADF, errno.ToString());
                    Assert.DoesNotContain((byte)0x11, mine);
                    Assert.Equal(file.Node.Inode, file.Attributes.Inode);
                }
                catch (ObjectDisposedException)
                {
                    refused++;
                }
                catch (Exception thrown)
                {
                    failure = thrown;
                    return;
                }
            }
        }))];
        Array.ForEach(callers, caller => caller.Start());
        byte[] expected = new byte[5000];
        byte[] found = new byte[5000];
        expected.AsSpan().Fill(0x11);
        int recycled = 0;
        try
        {
            for (int round = 0; round < Rounds && failure is null; round++)
            {
                AditFile file = volume.OpenFile("/file", FileMode.CreateNew);
                Inode inode = ((FileHandle)file.Node).Node;
                Volatile.Write(ref shown, file);
                Thread.SpinWait(round % 500);
                file.Dispose();
                volume.Delete("/file");
                EndUseOfRemoved(volume);
                using AditFile other = volume.OpenFile("/other", FileMode.CreateNew);
                recycled += ReferenceEquals(inode, ((FileHandle)other.Node).Node) ? 1 : 0;
                other.Write(0, expected);
                Thread.SpinWait(200);
                Assert.Equal(expected.Length, other.Length);
                Assert.Equal(expected.Length, other.Read(0, found));
                Assert.Equal(expected, found);
                volume.Delete("/other");
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            Array.ForEach(callers, caller => Assert.True(caller.Join(TimeSpan.FromSeconds(60))));
        }

        Assert.Null(failure);
        Assert.True(recycled > Rounds / 10 && refused > 0, $"inconclusive: {recycled} inodes became others, {refused} calls were refused");
    }

    [Fact]
    public void Number_of_what_was_removed_last_is_as_stale_as_any_other()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/folder");
        InodeNumber folder = volume.GetAttributes("/folder").Inode;
        volume.DeleteDirectory("/folder");
        ExpectStale();
        EndUseOfRemoved(volume);
        ExpectStale();

        void ExpectStale()
        {
            Assert.Equal(Errno.ESTALE, volume.GetAttributes(folder, out _));
            Assert.Equal(Errno.ESTALE, volume.Unlink(folder, "name"u8));
            Assert.Equal(Errno.ESTALE, volume.MakeDirectory(folder, "name"u8, 0x1FF, default, out _));
            Assert.Equal(Errno.ESTALE, volume.Link(folder, InodeNumber.Root, "name"u8, out _));
            Assert.Equal(Errno.ESTALE, volume.Open(folder, OpenIntent.Read, out _));
        }
    }

    /// <summary>The volume uses what it removed last until it removes something else.</summary>
    private static void EndUseOfRemoved(Volume volume)
    {
        volume.OpenFile("/between", FileMode.CreateNew).Dispose();
        volume.Delete("/between");
    }

    private static void On(Action work)
    {
        Thread thread = new(() => work());
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
    }

    /// <summary>Takes what this thread and others left. Other tests may give meanwhile.</summary>
    private static void EmptyPool()
    {
        int taken = 0;
        while (InodePool.Take() is not null)
        {
            Assert.True(++taken < 1000, "the pool gives without end");
        }
    }

    private static object Other(object value) => value switch
    {
        bool flag => !flag,
        int number => number + 3,
        long number => number ^ 5,
        BlockExtent => new BlockExtent(new BlockAddress(3), 4),
        InodeRecord => new InodeRecord { Mode = 1, Flags = 77, SizeBytes = 99 },
        InodeNumber number => new InodeNumber(number.Value + 100),
        _ => throw new NotSupportedException(value.GetType().Name),
    };
}
