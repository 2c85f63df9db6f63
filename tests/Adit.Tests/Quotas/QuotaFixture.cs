using Adit.Checking;
using Adit.Format;
using Adit.Format.Records;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Adit.Quotas;

namespace Adit.Tests.Quotas;

/// <summary>A volume with quotas in memory, whose clock stands until it is moved, and files of users in it.</summary>
public sealed class QuotaFixture : IDisposable
{
    private readonly MemoryMedium _medium;

    public QuotaFixture(bool quotas = true, long sizeBytes = 64 << 20, bool direct = true, long logBytes = 0)
    {
        _medium = MemoryMedium.CreateShared(sizeBytes);
        Adit.Volume.Format(_medium, new FormatOptions { Quotas = quotas, DirectAccess = direct, LogBytes = logBytes });
        Volume = Open();
    }

    public Volume Volume { get; private set; }

    public Medium Medium => _medium;

    public MovableTime Time { get; } = new();

    public void Reopen(bool abandon = false, BrokenVariant broken = BrokenVariant.None)
    {
        if (abandon)
        {
            Volume.Abandon();
        }
        else
        {
            Volume.Dispose();
        }

        Volume = Open(broken);
    }

    public QuotaEntry User(uint id) => Volume.GetQuota(QuotaKind.User, id);

    public (long Bytes, long Inodes) UsageOf(QuotaKind kind, uint id)
    {
        QuotaEntry entry = Volume.GetQuota(kind, id);
        return (entry.UsedBytes, entry.UsedInodes);
    }

    public void Limit(uint user, long hardBytes = 0, long softBytes = 0, long hardInodes = 0, long softInodes = 0) =>
        Volume.SetQuota(QuotaKind.User, user, new QuotaLimits(softBytes, hardBytes, softInodes, hardInodes));

    /// <summary>Makes a file of a user, in the root directory unless told otherwise.</summary>
    public Errno TryMake(string name, uint user, out IOpenFile? file, uint group = 0, InodeNumber? parent = null) =>
        Volume.Create(
            parent ?? InodeNumber.Root, System.Text.Encoding.UTF8.GetBytes(name), 0x1B6, OpenIntent.ReadWrite, new Caller(user, group),
            retain: false, out _, out file);

    public IOpenFile Make(string name, uint user, uint group = 0, InodeNumber? parent = null)
    {
        Assert.Equal(Errno.Success, TryMake(name, user, out IOpenFile? file, group, parent));
        return file!;
    }

    /// <summary>Makes a file of a user that is one hole, for the library's users.</summary>
    public AditFile MakeHole(string name, uint user, long lengthBytes)
    {
        Make(name, user).Dispose();
        AditFile file = Volume.OpenFile("/" + name);
        file.SetLength(lengthBytes);
        return file;
    }

    public static (Errno Errno, int Written) Write(IOpenFile file, long offsetBytes, int lengthBytes)
    {
        Errno errno = file.Write(offsetBytes, Bytes.Of(lengthBytes, (int)offsetBytes + 1), out int written);
        return (errno, written);
    }

    /// <summary>The checker proves usage along with everything else.</summary>
    public void Prove() => VolumeProof.Check(Volume);

    public void Dispose()
    {
        Volume.Dispose();
        _medium.Dispose();
    }

    private Volume Open(BrokenVariant broken = BrokenVariant.None) => Adit.Volume.Open(_medium, new VolumeOptions
    {
        LeaveMediumOpen = true,
        Store = new StoreOptions { BackgroundWork = false, Time = Time, Broken = broken },
    });

    public sealed class MovableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
