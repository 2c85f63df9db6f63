using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Adit.Checking;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Tests.Limits;

/// <summary>A defect shows in the middle of a transaction: nothing of it happens, the volume goes on, and nobody waits for it.</summary>
public sealed class FailedTransactionTests
{
    private const int MostOperations = 64;

    /// <summary>What <see cref="Prepare"/> makes beside the file of many pieces: the root, two folders, two files.</summary>
    private const long RestInodes = 5;
    private const long RestBlocks = 13 + 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, Action<Volume>> Changes = new()
    {
        ["create"] = volume => volume.OpenFile("/new", FileMode.CreateNew).Dispose(),
        ["temporary"] = volume => volume.OpenTemporary().Dispose(),
        ["mkdir"] = volume => volume.CreateDirectory("/new"),
        ["symlink"] = volume => volume.CreateSymbolicLink("/new", new string('x', 3000)),
        ["link"] = volume => volume.CreateLink("/file", "/new"),
        ["unlink"] = volume => volume.Delete("/file"),
        ["rmdir"] = volume => volume.DeleteDirectory("/empty"),
        ["rename"] = volume => volume.Move("/file", "/folder/new"),
        ["rename over a file"] = volume => volume.Move("/file", "/other"),
        ["exchange"] = volume => volume.Move("/file", "/folder", RenameFlags.Exchange),
        ["whiteout"] = volume => volume.Move("/file", "/new", RenameFlags.Whiteout),
        ["chmod"] = volume => volume.SetAttributes("/file", new AttributeChanges { Fields = AttributeFields.Mode, Mode = 0x180 }),
        ["setxattr"] = volume => volume.SetExtendedAttribute("/file", "user.a", Bytes.Of(5000, 4)),
        ["removexattr"] = volume => volume.RemoveExtendedAttribute("/other", "user.old"),
        ["write"] = volume => At(volume, "/file", file => file.Write(100_000, Bytes.Of(20_000, 5))),
        ["append"] = volume => At(volume, "/file", file => file.Append(Bytes.Of(30_000, 6))),
        ["truncate"] = volume => At(volume, "/pieces", file => file.SetLength(5000)),
        ["grow"] = volume => At(volume, "/file", file => file.SetLength(1 << 20)),
        ["allocate"] = volume => At(volume, "/file", file => file.Allocate(1 << 20, 1 << 20)),
        ["punch"] = volume => At(volume, "/pieces", file => file.Allocate(8192, 40_960, AllocateMode.PunchHole | AllocateMode.KeepSize)),
        ["collapse"] = volume => At(volume, "/pieces", file => file.Allocate(8192, 8192, AllocateMode.CollapseRange)),
    };

    public static TheoryData<string> Names => [.. Changes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Change_that_fails_in_its_transaction_leaves_a_volume_that_works(string name)
    {
        Action<Volume> change = Changes[name];
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Prepare(volume);
        string before = Describe(volume);
        int failures = 0;
        while (FailsAfter(volume, failures, change))
        {
            failures++;
            Assert.True(failures < MostOperations, "the change never comes to its end");
            ExpectOthersToGoOn(volume, failures - 1);
            Assert.Equal(before, Describe(volume));
        }

        Assert.True(failures > 0, "nothing failed: nothing is shown");
        VolumeProof.Check(volume);
        string after = Describe(volume);
        volume.Dispose();
        using Volume again = fixture.Open();
        Assert.Equal(after, Describe(again));
        VolumeProof.Check(again);
    }

    /// <summary>A file of many pieces goes in several transactions: first its name, so what fails after that is finished later.</summary>
    [Fact]
    public void Removal_that_fails_in_any_of_its_transactions_is_finished_by_the_next_opening()
    {
        int failures = 0;
        for (bool hasFailed = true; hasFailed; failures++)
        {
            Assert.True(failures < MostOperations, "the removal never comes to its end");
            using VolumeFixture fixture = new(VolumeFixture.Memory);
            using Volume volume = fixture.Open();
            Prepare(volume);
            hasFailed = FailsAfter(volume, failures, change => change.Delete("/pieces"));
            ExpectOthersToGoOn(volume, failures);
            VolumeProof.Check(volume);
            if (volume.Exists("/pieces"))
            {
                volume.Delete("/pieces");
            }

            volume.Dispose();
            using Volume again = fixture.Open();
            CheckReport report = VolumeChecker.Check(again.Store);
            Assert.True(report.IsSound, string.Join("; ", report.Findings));
            Assert.Equal((RestInodes, RestBlocks), (report.InodeCount, report.DataBlocks));
        }

        Assert.True(failures > 1, "nothing failed: nothing is shown");
    }

    private static void Prepare(Volume volume)
    {
        volume.CreateDirectory("/folder");
        volume.CreateDirectory("/empty");
        Bytes.WriteAll(volume, "/file", Bytes.Of(50_000, 1));
        Bytes.WriteAll(volume, "/other", Bytes.Of(9000, 2));
        volume.SetExtendedAttribute("/other", "user.old", Bytes.Of(3000, 3));
        using AditFile pieces = volume.OpenFile("/pieces", FileMode.CreateNew);
        for (int i = 0; i < 12; i++)
        {
            pieces.Write(i * 8192, Bytes.Of(4096, i));
        }

        pieces.Flush();
    }

    /// <returns>False when the change went through.</returns>
    private static bool FailsAfter(Volume volume, int operations, Action<Volume> change)
    {
        volume.Store.FailAfterOperations = operations;
        try
        {
            change(volume);
            return false;
        }
        catch (InvariantException)
        {
            return true;
        }
        finally
        {
            volume.Store.FailAfterOperations = int.MaxValue;
        }
    }

    /// <summary>Another thread makes something and takes it away again.</summary>
    private static void ExpectOthersToGoOn(Volume volume, int operations)
    {
        Exception? failure = null;
        Thread other = new(() =>
        {
            try
            {
                volume.CreateDirectory("/others");
                volume.DeleteDirectory("/others");
            }
            catch (AditException refused)
            {
                failure = refused;
            }
        }) { IsBackground = true };
        other.Start();
        bool hasEnded = other.Join(Patience);
        if (!hasEnded)
        {
            // Ends this thread's transaction: closing the volume would wait for it, too.
            volume.Store.Abandon();
            other.Join(Patience);
        }

        Assert.True(hasEnded, $"others wait for ever after a failure behind {operations} operations");
        Assert.Null(failure);
    }

    private static void At(Volume volume, string path, Action<AditFile> change)
    {
        using AditFile file = volume.OpenFile(path);
        change(file);
    }

    /// <summary>Names, attributes but times, and content.</summary>
    private static string Describe(Volume volume)
    {
        StringBuilder text = new();
        Describe(volume, "", text);
        return text.ToString();
    }

    private static void Describe(Volume volume, string folder, StringBuilder text)
    {
        foreach (DirectoryEntry entry in volume.Enumerate(folder.Length == 0 ? "/" : folder).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            string path = $"{folder}/{entry.Name}";
            NodeAttributes attributes = volume.GetAttributes(path, followLink: false);
            text.AppendLine(CultureInfo.InvariantCulture, $"{path} {attributes.Mode:x} {attributes.LinkCount} {attributes.SizeBytes} {attributes.BlockCount}");
            foreach (string name in volume.ListExtendedAttributes(path, followLink: false))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  {name} {Convert.ToHexString(SHA256.HashData(volume.GetExtendedAttribute(path, name, followLink: false)!))}");
            }

            if (entry.Type == FileType.Directory)
            {
                Describe(volume, path, text);
            }
            else if (entry.Type == FileType.Regular)
            {
                text.AppendLine(Convert.ToHexString(SHA256.HashData(Bytes.ReadAll(volume, path))));
            }
        }
    }
}
