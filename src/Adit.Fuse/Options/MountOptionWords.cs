using System.Globalization;

namespace Adit.Fuse.Options;

/// <summary>The words of <c>-o</c> that options stand for: the other way round of <see cref="MountOptionParser"/>.</summary>
public static class MountOptionWords
{
    /// <summary>mount(8)'s word for <see cref="MountOptions.IdMap"/>, which follows it.</summary>
    internal const string IdMapWord = "X-mount.idmap=";

    /// <summary>What the server acts on, and whether the mount can be written.</summary>
    public static IReadOnlyList<string> OfServer(MountOptions options)
    {
        List<string> words =
        [
            options.ReadOnly ? "ro" : "rw",
            options.Synchronous ? "sync" : "async",
            options.AccessTime switch
            {
                AccessTimePolicy.None => "noatime",
                AccessTimePolicy.Strict => "strictatime",
                _ => "relatime",
            },
            options.NoDirectoryAccessTimes ? "nodiratime" : "diratime",
            options.Dax switch
            {
                DaxMode.Always => "dax=always",
                DaxMode.Never => "dax=never",
                _ => "dax=inode",
            },
            options.Previews == PreviewPolicy.Refuse ? "nopreview" : "preview",
        ];
        if (options.ReaderCount != 0)
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"threads={options.ReaderCount}"));
        }

        return words;
    }

    /// <summary>What the kernel acts on, beside whether the mount can be written.</summary>
    public static IReadOnlyList<string> OfKernel(MountOptions options) =>
    [
        options.NoSetUserId ? "nosuid" : "suid",
        options.NoDevices ? "nodev" : "dev",
        options.NoExecute ? "noexec" : "exec",
    ];

    /// <summary>What holds from the first mount on.</summary>
    /// <param name="options">The options.</param>
    /// <param name="isRoot">Root's mount.</param>
    public static IReadOnlyList<string> Fixed(MountOptions options, bool isRoot) =>
    [
        options.AllowOther ?? isRoot ? "allow_other" : "noallow_other",
        options.OverIoUring ? "io_uring" : "noio_uring",
        options.IdMap is { } map ? IdMapWord + map.Text : options.AllowIdMaps ? "idmaps" : "noidmaps",
    ];

    /// <summary>All that is not as it is by itself, and what is asked for most: <see cref="MountOptionParser"/> makes the same options of it.</summary>
    public static string ToText(MountOptions options)
    {
        MountOptions none = new();
        List<string> words =
        [
            .. OfServer(options).Where(word => word is "ro" or "rw" || word.StartsWith("dax=", StringComparison.Ordinal) || word.EndsWith("atime", StringComparison.Ordinal) || !OfServer(none).Contains(word)),
            .. OfKernel(options).Except(OfKernel(none)),
        ];
        words.Remove("diratime");
        if (options.AllowOther is { } others)
        {
            words.Add(others ? "allow_other" : "noallow_other");
        }

        if (options.OverIoUring)
        {
            words.Add("io_uring");
        }

        if (options.AllowIdMaps)
        {
            words.Add(options.IdMap is { } map ? IdMapWord + map.Text : "idmaps");
        }

        return string.Join(',', words);
    }
}
