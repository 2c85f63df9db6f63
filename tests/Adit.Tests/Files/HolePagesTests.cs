using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Files;

public sealed unsafe class HolePagesTests
{
    /// <summary>Bits of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).</summary>
    private const ulong IsPresent = 1UL << 63;
    private const ulong IsOfFileOrShared = 1UL << 61;

    /// <summary>A kernel that copies from the host's one zero page has to look it up under a lock, and gives up when the process is being killed.</summary>
    [Fact]
    public void Zeros_of_a_hole_are_pages_like_those_of_a_file()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        file.SetLength(1 << 20);
        MediumSegment[] segments = new MediumSegment[4];
        Assert.Equal(Errno.Success, file.Node.BeginDirectRead(4096, 64 << 10, segments, out int count, out _));
        try
        {
            Assert.Equal(1, count);
            Assert.Equal(-1, new ReadOnlySpan<byte>(segments[0].Start, segments[0].LengthBytes).IndexOfAnyExcept((byte)0));
            ulong page = PagemapOf(segments[0].Start);
            Assert.Equal(IsPresent | IsOfFileOrShared, page & (IsPresent | IsOfFileOrShared));
        }
        finally
        {
            file.Node.EndDirectRead();
        }
    }

    private static ulong PagemapOf(byte* address)
    {
        using FileStream map = new("/proc/self/pagemap", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        map.Position = (long)((ulong)address / (ulong)Environment.SystemPageSize * sizeof(ulong));
        byte[] entry = new byte[sizeof(ulong)];
        map.ReadExactly(entry);
        return BitConverter.ToUInt64(entry);
    }
}
