using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Directories;

public sealed class ListingTests
{
    [Fact]
    public void A_directory_starts_with_dots_and_goes_on_from_every_cookie()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/d");
        InodeNumber directory = volume.GetAttributes("/d").Inode;
        HashSet<string> expected = [".", ".."];
        for (int i = 0; i < 300; i++)
        {
            Bytes.WriteAll(volume, $"/d/{i}", []);
            expected.Add($"{i}");
        }

        // One entry at a time: every cookie is used.
        HashSet<string> seen = [];
        ulong cookie = 0;
        for (Sink sink = new(1); ; sink = new Sink(1))
        {
            Assert.Equal(Errno.Success, volume.ReadDirectory(directory, cookie, withAttributes: false, sink));
            if (sink.Names.Count == 0)
            {
                break;
            }

            Assert.True(seen.Add(sink.Names[0]), $"{sink.Names[0]} came twice");
            cookie = sink.Cookie;
        }

        Assert.Equal(expected, seen);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(0UL)]
    public void What_stays_is_seen_once_whatever_else_changes(ulong hashMask)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open(new VolumeOptions { NameHashMask = hashMask });
        volume.CreateDirectory("/d");
        InodeNumber directory = volume.GetAttributes("/d").Inode;
        for (int i = 0; i < 100; i++)
        {
            Bytes.WriteAll(volume, $"/d/stays{i}", []);
            Bytes.WriteAll(volume, $"/d/goes{i}", []);
        }

        List<string> seen = [];
        ulong cookie = 0;
        for (int round = 0; ; round++)
        {
            Sink sink = new(7);
            Assert.Equal(Errno.Success, volume.ReadDirectory(directory, cookie, withAttributes: false, sink));
            if (sink.Names.Count == 0)
            {
                break;
            }

            seen.AddRange(sink.Names);
            cookie = sink.Cookie;
            if (round < 100)
            {
                volume.Delete($"/d/goes{round}");
                Bytes.WriteAll(volume, $"/d/new{round}", []);
            }
        }

        Assert.Equal(100, seen.Count(name => name.StartsWith("stays", StringComparison.Ordinal)));
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public void Listing_with_attributes_retains_what_was_accepted_only()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        for (int i = 0; i < 10; i++)
        {
            Bytes.WriteAll(volume, $"/{i}", Bytes.Of(i, i));
        }

        Sink sink = new(5);
        Assert.Equal(Errno.Success, volume.ReadDirectory(InodeNumber.Root, 0, withAttributes: true, sink));
        Assert.Equal(3, sink.Items.Count(item => item.Name is not "." and not ".."));
        foreach ((string name, NodeAttributes attributes) in sink.Items.Where(item => item.Name is not "." and not ".."))
        {
            Assert.Equal(long.Parse(name, System.Globalization.CultureInfo.InvariantCulture), attributes.SizeBytes);
        }

        // Retained ones stay when they lose their names, the others go at once.
        for (int i = 0; i < 10; i++)
        {
            InodeNumber inode = volume.GetAttributes($"/{i}").Inode;
            volume.Delete($"/{i}");
            bool isRetained = sink.Names.Contains($"{i}");
            Assert.Equal(isRetained ? Errno.Success : Errno.ESTALE, volume.GetAttributes(inode, out _));
            volume.Forget(inode, 1);
            Assert.Equal(Errno.ESTALE, volume.GetAttributes(inode, out _));
        }

        VolumeProof.Check(volume);
    }

    [Fact]
    public void Twenty_thousand_entries_are_found_listed_and_deleted() => FillAndEmpty(20_000);

    [Fact]
    [Trait("Tier", "long")]
    public void A_million_entries_open_fast_and_take_little_memory()
    {
        using VolumeFixture fixture = new(VolumeFixture.File, 2L << 30);
        using (Volume volume = fixture.Open())
        {
            volume.CreateDirectory("/many");
            for (int i = 0; i < 1_000_000; i++)
            {
                volume.OpenFile($"/many/{i:x}", FileMode.CreateNew).Dispose();
            }
        }

        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        using Volume again = fixture.Open();
        TimeSpan opening = System.Diagnostics.Stopwatch.GetElapsedTime(started);
        Assert.True(opening < TimeSpan.FromMilliseconds(100), $"opening took {opening.TotalMilliseconds} ms");
        Assert.Equal(1_000_000, again.Enumerate("/many").Count());
        GC.Collect();
        Assert.True(GC.GetTotalMemory(true) < 64 << 20, $"{GC.GetTotalMemory(false)} bytes of managed heap");
    }

    private static void FillAndEmpty(int count)
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory, 128 << 20);
        using Volume volume = fixture.Open();
        volume.CreateDirectory("/many");
        for (int i = 0; i < count; i++)
        {
            volume.OpenFile($"/many/{i:x}", FileMode.CreateNew).Dispose();
        }

        Assert.Equal(count, volume.Enumerate("/many").Select(entry => entry.Name).Distinct().Count());
        Assert.True(volume.Exists($"/many/{count / 2:x}"));
        Assert.False(volume.Exists("/many/none"));
        Assert.Equal(Enumerable.Range(0, count).Sum(i => 10 + $"{i:x}".Length), volume.GetAttributes("/many").SizeBytes);
        VolumeProof.Check(volume);
        volume.DeleteDirectory("/many", recursive: true);
        Assert.Empty(volume.Enumerate("/"));
        VolumeProof.Check(volume);
    }

    private sealed class Sink(int room) : IDirectorySink
    {
        public List<(string Name, NodeAttributes Attributes)> Items { get; } = [];

        public List<string> Names => [.. Items.Select(item => item.Name)];

        public ulong Cookie { get; private set; }

        public bool Accept(in DirectoryItem item)
        {
            if (Items.Count == room)
            {
                return false;
            }

            Items.Add((Encoding.UTF8.GetString(item.Name), item.Attributes));
            Cookie = item.Cookie;
            return true;
        }
    }
}
