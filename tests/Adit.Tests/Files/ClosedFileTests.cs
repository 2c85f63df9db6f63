using System.Reflection;
using Adit.Dax.Mappings;
using Adit.Files;
using Adit.Format;
using Adit.Inodes;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Files;

/// <summary>A file that a mount has closed is the next one that is opened of its inode, and nothing of it is left; a call that finds its file closed
/// when it comes to its lock looks at nothing else.</summary>
public sealed class ClosedFileTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Closed_file_is_the_next_one_with_its_own_intent_and_never_two()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        IOpenFile first = Create(volume, "file"u8);
        InodeNumber number = first.Inode;
        Assert.Equal(Errno.Success, first.Write(0, [1, 2, 3], out _));
        volume.Close(first);

        IOpenFile reading = Open(volume, number, OpenIntent.Read);
        Assert.Same(first, reading);
        byte[] bytes = new byte[3];
        Assert.Equal(Errno.Success, reading.Read(0, bytes, out int readBytes));
        Assert.Equal(3, readBytes);
        Assert.Equal(Errno.EBADF, reading.Write(0, bytes, out _));
        Assert.Equal(number, reading.Attributes.Inode);

        IOpenFile writing = Open(volume, number, OpenIntent.Write);
        Assert.NotSame(reading, writing);
        Assert.Equal(Errno.EBADF, writing.Read(0, bytes, out _));
        volume.Close(reading);
        Assert.Equal(Errno.EBADF, reading.Read(0, bytes, out _));
        Assert.Equal(Errno.Success, writing.Write(0, bytes, out _));
        volume.Close(writing);
    }

    [Fact]
    public void Closed_file_of_a_removed_one_is_that_of_the_inode_that_follows()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        IOpenFile first = Create(volume, "file"u8);
        InodeNumber number = first.Inode;
        Remove(volume, "file"u8, first);

        IOpenFile next = Create(volume, "next"u8);
        Assert.Same(first, next);
        Assert.Equal(next.Attributes.Inode, next.Inode);
        Assert.NotEqual(number, next.Inode);
        Assert.Equal(Errno.Success, next.Write(0, [1], out _));
        volume.Close(next);
    }

    [Fact]
    public void Closed_file_of_another_volume_is_not_used_for_its_inode()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using VolumeFixture otherFixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using Volume other = otherFixture.Open();
        IOpenFile first = Create(volume, "file"u8);
        Inode inode = ((FileHandle)first).Node;
        Remove(volume, "file"u8, first);

        IOpenFile next = Create(other, "file"u8);
        Assert.Same(inode, ((FileHandle)next).Node);
        Assert.NotSame(first, next);
        Assert.Equal(Errno.Success, next.Append([1, 2, 3], out _, out _));
        Assert.Equal(3, other.GetAttributes("/file").SizeBytes);
        other.Close(next);
    }

    [Fact]
    public void Closed_file_that_was_mapped_knows_only_the_mapping_that_is()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        var file = (FileHandle)Create(volume, "file"u8);
        InodeNumber number = file.Inode;
        Assert.Equal(Errno.Success, file.Write(0, new byte[4096], out _));
        Assert.Equal(Errno.Success, file.OpenMapping(out AddressSpace? before));
        volume.Close(file);
        Assert.Equal(0, volume.MappingCount);

        Assert.Same(file, Open(volume, number, OpenIntent.ReadWrite));
        Assert.Equal(Errno.Success, file.OpenMapping(out AddressSpace? now));
        Assert.NotSame(before, now);
        Assert.Same(file.Node.Space, now);
        volume.Close(file);
    }

    /// <summary>Between the look that finds no extents in memory and the lock that they are loaded under.</summary>
    [Fact]
    public void Read_of_a_file_that_is_closed_before_its_extents_are_loaded_is_refused()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using (Volume volume = fixture.Open())
        {
            using AditFile file = volume.OpenFile("/file", FileMode.CreateNew);
            file.Write(0, new byte[5000]);
        }

        using Volume again = fixture.Open();
        using AditFile opened = again.OpenFile("/file");
        var handle = (FileHandle)opened.Node;
        Assert.False(handle.Node.Extents.IsLoaded);
        Errno outcome = Errno.Success;
        Assert.Null(CloseDuring(handle, isShared: true, () => outcome = handle.Read(0, new byte[5000], out _)));
        Assert.Equal(Errno.EBADF, outcome);

        // Nothing was loaded either: the inode may not be its file's any more.
        Assert.False(handle.Node.Extents.IsLoaded);
    }

    [Fact]
    public void Attributes_of_a_file_that_is_closed_while_they_are_read_are_not_given()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/file", FileMode.CreateNew);
        var handle = (FileHandle)file.Node;
        Assert.IsType<ObjectDisposedException>(CloseDuring(handle, isShared: false, () => _ = handle.Attributes));
    }

    [Fact]
    public void Truncation_uses_the_inode_to_its_end()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/file", FileMode.CreateNew);
        file.Write(0, new byte[5000]);
        var handle = (FileHandle)file.Node;
        Inode inode = handle.Node;
        int uses = inode.Uses;
        Thread caller = new(() => handle.SetLength(7));
        inode.Lock.EnterShared();
        caller.Start();
        bool isWaiting = WaitsSoon(caller);
        int during = inode.Uses;
        inode.Lock.ExitShared();
        Assert.True(caller.Join(Patience));
        Assert.True(isWaiting, "inconclusive: it did not wait for the lock");
        Assert.Equal(uses + 1, during);
        Assert.Equal(uses, inode.Uses);
        Assert.Equal(7, file.Length);
    }

    /// <summary>Has a call wait for the inode's lock, and the file closed when it gets it: as if somebody who closes it had come first.</summary>
    /// <param name="isShared">The call is to wait for the lock exclusively, past what it does with it shared.</param>
    /// <returns>What the call threw.</returns>
    private static Exception? CloseDuring(FileHandle handle, bool isShared, Action call)
    {
        FieldInfo isClosed = typeof(FileHandle).GetField("_isClosed", BindingFlags.Instance | BindingFlags.NonPublic)!;
        Inode inode = handle.Node;
        Exception? thrown = null;
        Thread caller = new(() => thrown = Record.Exception(call));
        Enter(inode, isShared);
        caller.Start();
        bool isWaiting = WaitsSoon(caller);
        isClosed.SetValue(handle, true);
        Exit(inode, isShared);
        Assert.True(caller.Join(Patience));
        isClosed.SetValue(handle, false);
        Assert.True(isWaiting, "inconclusive: it did not wait for the lock");
        return thrown;
    }

    private static void Enter(Inode inode, bool isShared)
    {
        if (isShared)
        {
            inode.Lock.EnterShared();
        }
        else
        {
            inode.Lock.EnterExclusive();
        }
    }

    private static void Exit(Inode inode, bool isShared)
    {
        if (isShared)
        {
            inode.Lock.ExitShared();
        }
        else
        {
            inode.Lock.ExitExclusive();
        }
    }

    private static bool WaitsSoon(Thread thread) => SpinWait.SpinUntil(() => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, Patience);

    private static IOpenFile Create(Volume volume, ReadOnlySpan<byte> name)
    {
        Assert.Equal(Errno.Success, volume.Create(InodeNumber.Root, name, 0x1A4, OpenIntent.ReadWrite, Caller.OfProcess, retain: false, out _, out IOpenFile? file));
        return file!;
    }

    private static IOpenFile Open(Volume volume, InodeNumber inode, OpenIntent intent)
    {
        Assert.Equal(Errno.Success, volume.Open(inode, intent, out IOpenFile? file));
        return file!;
    }

    /// <summary>Without its name first: closing it removes it, on this thread.</summary>
    private static void Remove(Volume volume, ReadOnlySpan<byte> name, IOpenFile file)
    {
        Assert.Equal(Errno.Success, volume.Unlink(InodeNumber.Root, name));
        volume.Close(file);
    }
}
