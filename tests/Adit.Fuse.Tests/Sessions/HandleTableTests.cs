using Adit.Fuse.Handles;
using Adit.Fuse.Tests.Fakes;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Sessions;

public sealed class HandleTableTests
{
    [Fact]
    public void Handles_of_many_threads_find_their_own_file_or_nothing()
    {
        HandleTable table = new();
        Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
        {
            MemoryNodes nodes = new();
            for (int index = 0; index < 20_000; index++)
            {
                IOpenFile file = new MemoryFile(nodes, new MemoryNode());
                Assert.True(table.TryAdd(new OpenHandle(file, (uint)number), out ulong handle));
                Assert.True(table.TryGet(handle, out OpenHandle found));
                Assert.Same(file, found.File);
                Assert.Equal((uint)number, found.Flags);
                Assert.False(table.IsUnprivileged(handle, 1, setIds: true));
                table.MarkUnprivileged(handle, 1, setIds: true);
                Assert.True(table.IsUnprivileged(handle, 1, setIds: true));
                Assert.False(table.IsUnprivileged(handle, 1, setIds: false));
                Assert.False(table.IsUnprivileged(handle, 2, setIds: true));
                Assert.True(table.TryRemove(handle, out _));
                Assert.False(table.TryGet(handle, out _));
                Assert.False(table.TryRemove(handle, out _));
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(20))));
        Assert.Equal(0, table.OpenCount);
    }

    [Fact]
    public void Table_grows_over_its_chunks()
    {
        HandleTable table = new();
        MemoryNodes nodes = new();
        ulong[] handles = new ulong[5000];
        for (int index = 0; index < handles.Length; index++)
        {
            Assert.True(table.TryAdd(new OpenHandle(new MemoryFile(nodes, new MemoryNode { OpenCount = 1 }), (uint)index), out handles[index]));
        }

        for (int index = 0; index < handles.Length; index++)
        {
            Assert.True(table.TryGet(handles[index], out OpenHandle found));
            Assert.Equal((uint)index, found.Flags);
        }

        table.CloseAll(exception => throw exception);
        Assert.Equal(0, table.OpenCount);
    }
}
