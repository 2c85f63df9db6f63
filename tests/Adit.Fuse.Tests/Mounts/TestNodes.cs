using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>The volumes that are mounted.</summary>
internal static class TestNodes
{
    private const long SizeBytes = 512 << 20;

    /// <summary>A fresh volume in memory.</summary>
    public static INodeOperations Create()
    {
        MemoryMedium medium = new(SizeBytes);
        Volume.Format(medium, new FormatOptions());
        return Volume.Open(medium);
    }

    /// <summary>The volume in a file, made when it is not there.</summary>
    public static INodeOperations OpenOrCreate(string image) =>
        File.Exists(image) ? Volume.Open(image) : Volume.Create(image, new CreateOptions { SizeBytes = SizeBytes });
}
