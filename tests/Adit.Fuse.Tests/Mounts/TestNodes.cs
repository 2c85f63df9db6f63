using Adit.Fuse.Tests.Fakes;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Mounts;

internal static class TestNodes
{
    public static INodeOperations Create() => new MemoryNodes();

    public static INodeOperations OpenOrCreate(string image) => new MemoryNodes();
}
