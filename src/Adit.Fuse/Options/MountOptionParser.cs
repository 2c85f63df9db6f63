using System.Collections.Frozen;
using System.Globalization;

namespace Adit.Fuse.Options;

/// <summary>Reads the words of <c>-o</c>. Later words win over earlier ones, as mount(8) has it.</summary>
public static class MountOptionParser
{
    private delegate MountOptions Setting(MountOptions options);

    private static readonly FrozenDictionary<string, Setting> Words = new Dictionary<string, Setting>
    {
        ["defaults"] = options => options,
        ["rw"] = options => options with { ReadOnly = false },
        ["ro"] = options => options with { ReadOnly = true },
        ["allow_other"] = options => options with { AllowOther = true },
        ["noallow_other"] = options => options with { AllowOther = false },
        ["default_permissions"] = options => options,
        ["sync"] = options => options with { Synchronous = true },
        ["async"] = options => options with { Synchronous = false },
        ["relatime"] = options => options with { AccessTime = AccessTimePolicy.Relative },
        ["atime"] = options => options with { AccessTime = AccessTimePolicy.Relative },
        ["strictatime"] = options => options with { AccessTime = AccessTimePolicy.Strict },
        ["norelatime"] = options => options with { AccessTime = AccessTimePolicy.Strict },
        ["nostrictatime"] = options => options with { AccessTime = AccessTimePolicy.Relative },
        ["diratime"] = options => options with { NoDirectoryAccessTimes = false },
        ["nodiratime"] = options => options with { NoDirectoryAccessTimes = true },
        ["lazytime"] = options => options,
        ["nolazytime"] = options => options,
        ["noatime"] = options => options with { AccessTime = AccessTimePolicy.None },
        ["suid"] = options => options with { NoSetUserId = false },
        ["nosuid"] = options => options with { NoSetUserId = true },
        ["dev"] = options => options with { NoDevices = false },
        ["nodev"] = options => options with { NoDevices = true },
        ["exec"] = options => options with { NoExecute = false },
        ["noexec"] = options => options with { NoExecute = true },
        ["dax"] = options => options with { Dax = DaxMode.Always, Warnings = [.. options.Warnings, VolumeOptionWords.LegacyDaxWarning] },
        ["dax=always"] = options => options with { Dax = DaxMode.Always },
        ["dax=inode"] = options => options with { Dax = DaxMode.Inode },
        ["dax=never"] = options => options with { Dax = DaxMode.Never },
        ["io_uring"] = options => options with { OverIoUring = true },
        ["noio_uring"] = options => options with { OverIoUring = false },
        ["idmaps"] = options => options with { AllowIdMaps = true },
        ["noidmaps"] = options => options with { AllowIdMaps = false, IdMap = null },
        ["preview"] = options => options with { Previews = PreviewPolicy.Allow },
        ["nopreview"] = options => options with { Previews = PreviewPolicy.Refuse },

        // Words of fstab that tell mount(8) and systemd what to do, not the file system.
        ["auto"] = options => options,
        ["noauto"] = options => options,
        ["nofail"] = options => options,
        ["_netdev"] = options => options,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> Refused = new Dictionary<string, string>
    {
        ["nodefault_permissions"] = "permissions are always checked by the kernel; leave it out",
    }.ToFrozenDictionary();

    /// <param name="text">Words separated by commas, or empty.</param>
    /// <param name="basis">What holds for all that the words do not say.</param>
    /// <param name="options">The result, or the basis when this fails.</param>
    /// <param name="error">What is wrong and what is known, or null.</param>
    public static bool TryParse(string text, MountOptions basis, out MountOptions options, out string? error)
    {
        options = basis;
        error = null;
        foreach (string word in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Words.TryGetValue(word, out Setting? setting))
            {
                options = setting(options);
            }
            else if (word.StartsWith("x-", StringComparison.Ordinal))
            {
                continue;
            }
            else if (word.StartsWith(MountOptionWords.IdMapWord, StringComparison.Ordinal))
            {
                if (!IdMap.TryParse(word[MountOptionWords.IdMapWord.Length..], out IdMap? map))
                {
                    error = $"mount option '{word}': a map is [u:|g:|b:]FILE:SEEN:COUNT, several with spaces between them, or the path of a user namespace";
                    break;
                }

                options = options with { AllowIdMaps = true, IdMap = map };
            }
            else if (word.StartsWith("threads=", StringComparison.Ordinal))
            {
                if (!int.TryParse(word.AsSpan(8), NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is < 2 or > 64)
                {
                    error = $"mount option '{word}': threads is a number from 2 to 64";
                    break;
                }

                options = options with { ReaderCount = count };
            }
            else
            {
                error = Explain(word);
                break;
            }
        }

        if (error is not null)
        {
            options = basis;
        }

        return error is null;
    }

    private static string Explain(string word)
    {
        if (Refused.TryGetValue(word, out string? reason))
        {
            return $"mount option '{word}': {reason}";
        }

        return word.StartsWith("dax=", StringComparison.Ordinal)
            ? $"mount option '{word}': {VolumeOptionWords.DaxHelp}"
            : $"mount option '{word}' is not known; known are {string.Join(", ", Words.Keys.Order(StringComparer.Ordinal))}, threads=N, X-mount.idmap=MAP";
    }
}
