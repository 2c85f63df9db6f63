using Adit.Dax.Views;
using Adit.Interop.Linux;
using Adit.Media;
using Adit.TestKit;

namespace Adit.Dax.Tests.Views;

/// <summary>A fresh tmpfs for a medium to lie on, unmounted when disposed.</summary>
internal sealed class HostMount : IDisposable
{
    private readonly string _folder = TestRoot.MakeFolder();

    /// <param name="options">Mount options of tmpfs.</param>
    public HostMount(string options) => Assert.Equal(0, Mount(_folder, options));

    public Medium CreateMedium(MediumKind kind, long lengthBytes) => MediumFactory.Create(
        Path.Combine(_folder, "medium"), new MediumOptions { Kind = kind, CreateSizeBytes = lengthBytes });

    public void Dispose()
    {
        Assert.Equal(0, Libc.umount2(_folder, Libc.MNT_DETACH));
        Directory.Delete(_folder);
    }

    /// <summary>Why such a file system cannot be mounted, or null.</summary>
    internal static string? Refusal(string options)
    {
        if (Libc.geteuid() != 0)
        {
            return "mounting needs root";
        }

        string folder = TestRoot.MakeFolder();
        try
        {
            return Mount(folder, options) == 0 && Libc.umount2(folder, Libc.MNT_DETACH) == 0
                ? null
                : $"tmpfs cannot be mounted with {options}: {Libc.LastError}";
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static int Mount(string folder, string options) => Libc.mount("adit-test", folder, "tmpfs", 0, options);
}

/// <summary>Skipped, and reported so, for a user who may not mount.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> _refusal = new(() => HostMount.Refusal("size=1m"));

    public MountFactAttribute() => Skip = _refusal.Value;
}

/// <summary>Skipped, and reported so, also on a kernel without huge pages in tmpfs or without write tracking.</summary>
internal sealed class HugeTmpfsFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> _refusal = new(() => HostMount.Refusal("huge=always,size=4m"));

    public HugeTmpfsFactAttribute() => Skip = StoreTracker.Refusal ?? _refusal.Value;
}
