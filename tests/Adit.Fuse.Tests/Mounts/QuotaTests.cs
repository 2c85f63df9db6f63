using Adit.Format.Records;
using Adit.Nodes;
using Adit.Quotas;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Quotas as ordinary users and root meet them on a mount.</summary>
[Collection(MountCollection.Name)]
public sealed class QuotaTests
{
    private const string As = "setpriv --reuid 4321 --regid 8765 --clear-groups --";

    [MountFact("setpriv", "dd", "fallocate")]
    public void Ordinary_user_gets_EDQUOT_and_what_fits()
    {
        using TestMount mount = new(new Options.MountOptions { AllowOther = true });
        Volume volume = (Volume)mount.Nodes;
        volume.TurnQuotasOn();
        volume.SetQuota(QuotaKind.User, 4321, new QuotaLimits(0, 1 << 20, 0, 5));
        mount.Run("chmod 1777 mnt").MustSucceed();
        mount.Run($"{As} dd if=/dev/zero of=mnt/big bs=64K count=32 2>&1").MustFail("Disk quota exceeded");
        Assert.Equal((1L << 20, 1L), Usage(volume, QuotaKind.User, 4321));
        Assert.Equal((1L << 20, 1L), Usage(volume, QuotaKind.Group, 8765));
        mount.Run($"test $(stat -c %s mnt/big) = {1 << 20}; {As} dd if=/dev/urandom of=mnt/big bs=64K count=16 conv=notrunc").MustSucceed();
        mount.Run($"{As} fallocate -l 2M mnt/other").MustFail("quota exceeded");
        mount.Run($"{As} truncate -s 100K mnt/big; {As} fallocate -l 200K mnt/other").MustSucceed();
        mount.Run($"{As} sh -c 'for i in 1 2 3 4 5; do touch mnt/f$i; done'").MustFail("quota exceeded");
        Assert.Equal(5, Usage(volume, QuotaKind.User, 4321).Inodes);
        mount.Run($"{As} mkdir mnt/d").MustFail("quota exceeded");
        mount.Run($"{As} ln -s x mnt/s").MustFail("quota exceeded");

        // Whose file it is counts, not who writes; root gives away what it likes, and is not limited in its own.
        mount.Run("dd if=/dev/zero of=mnt/other bs=1M seek=1 count=2").MustFail("quota exceeded");
        mount.Run("dd if=/dev/zero of=mnt/roots bs=1M count=3; chown 4321:8765 mnt/roots").MustSucceed();
        Assert.Equal(6, Usage(volume, QuotaKind.User, 4321).Inodes);
        mount.Run($"{As} dd if=/dev/zero of=mnt/f1 bs=1 count=1").MustFail("quota exceeded");
        mount.Run($"{As} rm mnt/roots mnt/f1").MustSucceed();

        // A file goes when the kernel forgets it, a moment after its name.
        Assert.True(SpinWait.SpinUntil(() => Usage(volume, QuotaKind.User, 4321).Inodes == 4, TimeSpan.FromSeconds(30)), "removed files still count");
        mount.Run($"{As} touch mnt/again").MustSucceed();
    }

    [MountFact("setpriv", "chattr", "df", "dd")]
    public void Directory_of_a_project_is_as_large_as_its_limit()
    {
        using TestMount mount = new(new Options.MountOptions { AllowOther = true });
        Volume volume = (Volume)mount.Nodes;
        volume.TurnQuotasOn();
        mount.Run("mkdir -m 777 mnt/p; chattr -p 42 +P mnt/p; mkdir -m 777 mnt/p/sub; test $(lsattr -pd mnt/p/sub | awk '{print $1}') = 42").MustSucceed();
        volume.SetQuota(QuotaKind.Project, 42, new QuotaLimits(0, 2 << 20, 0, 100));
        mount.Run($"{As} dd if=/dev/zero of=mnt/p/sub/f bs=64K count=100 2>&1").MustFail("quota exceeded");
        Assert.Equal((2L << 20, 3L), Usage(volume, QuotaKind.Project, 42));
        mount.Run("test $(df --output=size -B1M mnt/p | tail -1) = 2; test $(df --output=avail -B1 mnt/p/sub | tail -1) = 0; test $(df --output=itotal mnt/p | tail -1) = 100").MustSucceed();
        mount.Run("test $(df --output=size -B1M mnt | tail -1) -gt 2").MustSucceed();

        // Nothing of another project gets in by a name.
        mount.Run("touch mnt/outside; ! ln mnt/outside mnt/p/in; mv mnt/outside mnt/p/moved").MustSucceed();
        mount.Run($"{As} touch mnt/p/mine; chown 4321 mnt/p/sub").MustSucceed();
    }

    private static (long Bytes, long Inodes) Usage(Volume volume, QuotaKind kind, uint id)
    {
        QuotaEntry entry = volume.GetQuota(kind, id);
        return (entry.UsedBytes, entry.UsedInodes);
    }
}
